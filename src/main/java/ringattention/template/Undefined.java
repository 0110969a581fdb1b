package ringattention.template;

/**
 * The value of a name, attribute or item that does not exist. It is false, empty and prints
 * nothing; whatever else is asked of it is an error with the reason.
 *
 * @param reason what does not exist, as the error says it
 */
record Undefined(String reason) {
  static Undefined name(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  /** The value of an attribute or item that a value does not have. */
  static Undefined member(Object owner, Object key) {
    String type = owner == null ? "None" : Types.name(owner) + " object";
    return new Undefined(
        key instanceof String name
            ? "'" + type + "' has no attribute '" + name + "'"
            : type + " has no element " + (key instanceof Long ? key : "of that key"));
  }

  /** The value of an attribute that the sandbox does not show. */
  static Undefined unsafe(Object owner, String name) {
    return new Undefined(
        "access to attribute '" + name + "' of '" + Types.name(owner) + "' object is unsafe");
  }

  TemplateException fault() {
    return new TemplateException(reason);
  }
}
