package ringattention.template;

import java.util.List;
import ringattention.template.Token.Kind;

/** The tokens of a template, read one after the other. */
final class TokenStream {
  private static final int MOST_NESTED = 100;

  private final List<Token> tokens;
  private int at;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  /** Returns the token behind the current one; END is behind itself. */
  Token ahead() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  int line() {
    return current().line();
  }

  Token next() {
    Token token = current();
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  boolean skipName(String name) {
    boolean found = current().isName(name);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipOperator(String operator) {
    boolean found = current().isOperator(operator);
    if (found) {
      next();
    }
    return found;
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected("'" + name + "'");
    }
  }

  Token expect(Kind kind) {
    if (!current().is(kind)) {
      throw unexpected(kind.words);
    }
    return next();
  }

  TemplateException unexpected(String wanted) {
    return fault("expected " + wanted + ", found " + current().words());
  }

  TemplateException fault(String reason) {
    return new TemplateException(line(), reason);
  }

  /** Begins to parse something that may contain its like; {@link #leave} ends it. */
  void enter() {
    if (++depth > MOST_NESTED) {
      throw fault("nested deeper than " + MOST_NESTED);
    }
  }

  void leave() {
    depth--;
  }
}
