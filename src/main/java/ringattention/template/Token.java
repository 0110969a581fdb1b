package ringattention.template;

/**
 * A piece of a template's source.
 *
 * @param text the text itself, a name, an operator, the digits of a number, or the value of a
 *     string literal
 * @param line its line, from 1
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    TEXT("text"),
    PRINT_BEGIN("'{{'"),
    PRINT_END("'}}'"),
    TAG_BEGIN("'{%'"),
    TAG_END("'%}'"),
    NAME("a name"),
    STRING("a string"),
    INTEGER("an integer"),
    FLOAT("a number"),
    OPERATOR("an operator"),
    END("the end of the template");

    final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  boolean is(Kind other) {
    return kind == other;
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  /** Returns the token as a message shows it. */
  String words() {
    return switch (kind) {
      case NAME, OPERATOR, INTEGER, FLOAT -> "'" + text + "'";
      default -> kind.words;
    };
  }
}
