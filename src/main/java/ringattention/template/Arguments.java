package ringattention.template;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The values that a function, filter or test is called with. */
record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  /**
   * Gives every value its parameter.
   *
   * @param callee the function's name, for errors
   * @throws TemplateException for a value too many and a name that is no parameter
   */
  Bound bind(String callee, String... parameters) {
    Object[] values = new Object[parameters.length];
    boolean[] given = new boolean[parameters.length];
    if (positional.size() > parameters.length) {
      throw new TemplateException(
          callee + " takes at most " + parameters.length + " arguments, not " + positional.size());
    }
    for (int i = 0; i < positional.size(); i++) {
      values[i] = positional.get(i);
      given[i] = true;
    }
    named.forEach(
        (name, value) -> {
          int i = Arrays.asList(parameters).indexOf(name);
          if (i < 0 || given[i]) {
            throw new TemplateException(
                callee
                    + (i < 0 ? " has no argument '" : " is given twice its argument '")
                    + name
                    + "'");
          }
          values[i] = value;
          given[i] = true;
        });
    return new Bound(callee, parameters, values, given);
  }

  /** Values by parameter, numbered from 0. */
  record Bound(String callee, String[] parameters, Object[] values, boolean[] given) {
    Object need(int i) {
      if (!given[i]) {
        throw new TemplateException(callee + " misses its argument '" + parameters[i] + "'");
      }
      return values[i];
    }

    Object or(int i, Object otherwise) {
      return given[i] ? values[i] : otherwise;
    }

    boolean flag(int i) {
      return given[i] && Types.truth(values[i]);
    }

    String text(int i) {
      if (need(i) instanceof String text) {
        return text;
      }
      throw wrong(i, "a string");
    }

    /** A text, or null if it is not given or None. */
    String textOrNull(int i) {
      return or(i, null) == null ? null : text(i);
    }

    long integer(int i, long otherwise) {
      if (!given[i]) {
        return otherwise;
      }
      if (PythonNumbers.number(values[i]) instanceof Long number) {
        return number;
      }
      throw wrong(i, "an integer");
    }

    private TemplateException wrong(int i, String wanted) {
      if (values[i] instanceof Undefined undefined) {
        return undefined.fault();
      }
      return new TemplateException(
          callee
              + " takes "
              + wanted
              + " as '"
              + parameters[i]
              + "', not "
              + Types.name(values[i]));
    }
  }
}
