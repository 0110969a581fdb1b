package ringattention.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import ringattention.template.Expression.DictOf;
import ringattention.template.Expression.ListOf;
import ringattention.template.Expression.Literal;
import ringattention.template.Expression.Not;
import ringattention.template.Expression.Slice;
import ringattention.template.Expression.Written;
import ringattention.template.Token.Kind;

/**
 * Parses what operators stand between: names, literals and parentheses, and what is written behind
 * a value, which is attributes, items and calls, then filters and tests.
 */
final class OperandParser {
  private static final Set<String> NO_ARGUMENT = Set.of("else", "or", "and");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final List<String> names = new ArrayList<>();

  OperandParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /** Returns how many mentions of names were parsed so far; {@link #namesSince} takes it. */
  int mark() {
    return names.size();
  }

  Set<String> namesSince(int mark) {
    return Set.copyOf(names.subList(mark, names.size()));
  }

  Expression primary() {
    Token token = tokens.current();
    if (token.is(Kind.NAME)) {
      tokens.next();
      return switch (token.text()) {
        case "true", "True" -> new Literal(true);
        case "false", "False" -> new Literal(false);
        case "none", "None" -> new Literal(null);
        default -> name(token.text());
      };
    }
    if (token.is(Kind.STRING)) {
      StringBuilder text = new StringBuilder();
      while (tokens.current().is(Kind.STRING)) {
        text.append(tokens.next().text());
      }
      return new Literal(text.toString());
    }
    if (token.is(Kind.INTEGER) || token.is(Kind.FLOAT)) {
      tokens.next();
      return token.is(Kind.FLOAT)
          ? new Literal(Double.valueOf(token.text()))
          : new Literal(PythonNumbers.literal(token.text()));
    }
    if (tokens.skipOperator("(")) {
      Expression inner = expressions.tuple(true, true);
      tokens.expectOperator(")");
      return inner;
    }
    if (tokens.skipOperator("[")) {
      return new ListOf(listed("]"));
    }
    if (tokens.skipOperator("{")) {
      return dict();
    }
    throw tokens.unexpected("an expression");
  }

  private Expression name(String name) {
    names.add(name);
    return new Expression.Name(name);
  }

  private List<Expression> listed(String end) {
    List<Expression> items = new ArrayList<>();
    while (!tokens.skipOperator(end)) {
      items.add(expressions.expression());
      if (!tokens.current().isOperator(end)) {
        tokens.expectOperator(",");
      }
    }
    return items;
  }

  private Expression dict() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      keys.add(expressions.expression());
      tokens.expectOperator(":");
      values.add(expressions.expression());
      if (!tokens.current().isOperator("}")) {
        tokens.expectOperator(",");
      }
    }
    return new DictOf(keys, values);
  }

  Expression postfix(Expression start) {
    Expression value = start;
    while (true) {
      if (tokens.skipOperator(".")) {
        value =
            tokens.current().is(Kind.INTEGER)
                ? new Expression.Item(value, primary())
                : new Expression.Attribute(value, tokens.expect(Kind.NAME).text());
      } else if (tokens.skipOperator("[")) {
        value = subscript(value);
        tokens.expectOperator("]");
      } else if (tokens.current().isOperator("(")) {
        value = new Expression.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expression subscript(Expression target) {
    Expression from = tokens.current().isOperator(":") ? null : expressions.expression();
    if (!tokens.skipOperator(":")) {
      return new Expression.Item(target, from);
    }
    Expression to = bound();
    Expression step = tokens.skipOperator(":") ? bound() : null;
    return new Slice(target, from, to, step);
  }

  private Expression bound() {
    Token current = tokens.current();
    return current.isOperator(":") || current.isOperator("]") ? null : expressions.expression();
  }

  Expression filtersAndTests(Expression start) {
    Expression value = start;
    while (true) {
      if (tokens.current().isOperator("|")) {
        value = filters(value);
      } else if (tokens.skipName("is")) {
        value = test(value);
      } else if (tokens.current().isOperator("(")) {
        value = new Expression.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  /** The filters behind a value, each after its {@code |}. */
  Expression filters(Expression input) {
    Expression value = input;
    while (tokens.skipOperator("|")) {
      value = filter(value);
    }
    return value;
  }

  /** One filter by its name. */
  Expression filter(Expression input) {
    String name = tokens.current().text();
    if (tokens.current().is(Kind.NAME) && !Filters.has(name)) {
      throw tokens.fault("no filter named '" + name + "'");
    }
    tokens.expect(Kind.NAME);
    Written arguments = tokens.current().isOperator("(") ? arguments() : Written.NONE;
    return new Expression.Filter(input, name, arguments);
  }

  private Expression test(Expression input) {
    boolean negated = tokens.skipName("not");
    String name = tokens.current().text();
    if (tokens.current().is(Kind.NAME) && !Tests.has(name)) {
      throw tokens.fault("no test named '" + name + "'");
    }
    tokens.expect(Kind.NAME);
    Written arguments = Written.NONE;
    if (tokens.current().isOperator("(")) {
      arguments = arguments();
    } else if (tokens.current().isName("is")) {
      throw tokens.fault("tests cannot be chained with 'is'");
    } else if (beginsArgument()) {
      tokens.enter();
      arguments = new Written(List.of(postfix(primary())), Map.of());
      tokens.leave();
    }
    Expression test = new Expression.Test(input, name, arguments);
    return negated ? new Not(test) : test;
  }

  private boolean beginsArgument() {
    Token current = tokens.current();
    return switch (current.kind()) {
      case NAME -> !NO_ARGUMENT.contains(current.text());
      case STRING, INTEGER, FLOAT -> true;
      default -> current.isOperator("[") || current.isOperator("{");
    };
  }

  private Written arguments() {
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!tokens.skipOperator(")")) {
      Token current = tokens.current();
      if (current.isOperator("*") || current.isOperator("**")) {
        throw tokens.fault("arguments with * and ** are not supported");
      }
      if (current.is(Kind.NAME) && tokens.ahead().isOperator("=")) {
        tokens.next();
        tokens.next();
        if (named.put(current.text(), expressions.expression()) != null) {
          throw tokens.fault("argument '" + current.text() + "' is given twice");
        }
      } else if (named.isEmpty()) {
        positional.add(expressions.expression());
      } else {
        throw tokens.fault("an argument without a name stands behind one with a name");
      }
      if (!tokens.current().isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new Written(positional, named);
  }
}
