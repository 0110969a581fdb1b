package ringattention.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import ringattention.template.Expression.Arithmetic;
import ringattention.template.Expression.Comparison;
import ringattention.template.Expression.Concatenation;
import ringattention.template.Expression.Conditional;
import ringattention.template.Expression.DictOf;
import ringattention.template.Expression.ListOf;
import ringattention.template.Expression.Literal;
import ringattention.template.Expression.Not;
import ringattention.template.Expression.Slice;
import ringattention.template.Expression.TupleOf;
import ringattention.template.Expression.Written;
import ringattention.template.Token.Kind;

/**
 * Parses expressions with Jinja's precedence, from the loosest: {@code if else}, {@code or}, {@code
 * and}, {@code not}, comparisons and {@code in}, {@code + -}, {@code ~}, {@code * / // %}, {@code
 * **}, signs, then what stands behind a value: attributes, items, calls, filters, tests.
 */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> NO_ARGUMENT = Set.of("else", "or", "and", "is");

  private final TokenStream tokens;
  private final List<String> names = new ArrayList<>();

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  /** Returns how many mentions of names were parsed so far; {@link #namesSince} takes it. */
  int mark() {
    return names.size();
  }

  Set<String> namesSince(int mark) {
    return Set.copyOf(names.subList(mark, names.size()));
  }

  /** An expression, or a tuple without parentheses. */
  Expression tuple(boolean conditional) {
    return tuple(conditional, false);
  }

  private Expression tuple(boolean conditional, boolean parentheses) {
    List<Expression> items = new ArrayList<>();
    boolean comma = false;
    while (!atTupleEnd()) {
      items.add(conditional ? expression() : unconditional());
      if (!tokens.skipOperator(",")) {
        break;
      }
      comma = true;
    }
    if (comma || (items.isEmpty() && parentheses)) {
      return new TupleOf(List.copyOf(items));
    }
    if (items.isEmpty()) {
      throw tokens.unexpected("an expression");
    }
    return items.get(0);
  }

  private boolean atTupleEnd() {
    Token current = tokens.current();
    return current.is(Kind.PRINT_END) || current.is(Kind.TAG_END) || current.isOperator(")");
  }

  Expression expression() {
    tokens.enter();
    Expression value = or();
    while (tokens.skipName("if")) {
      Expression test = or();
      Expression otherwise = tokens.skipName("else") ? expression() : null;
      value = new Conditional(test, value, otherwise);
    }
    tokens.leave();
    return value;
  }

  /** An expression that an {@code if} ends, as in {@code for x in xs if test}. */
  Expression unconditional() {
    tokens.enter();
    Expression value = or();
    tokens.leave();
    return value;
  }

  private Expression or() {
    Expression left = and();
    while (tokens.skipName("or")) {
      left = new Expression.Or(left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.skipName("and")) {
      left = new Expression.And(left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.skipName("not")) {
      return comparison();
    }
    tokens.enter();
    Expression operand = not();
    tokens.leave();
    return new Not(operand);
  }

  private Expression comparison() {
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> rights = new ArrayList<>();
    while (true) {
      Token current = tokens.current();
      if (current.is(Kind.OPERATOR) && COMPARISONS.contains(current.text())) {
        operators.add(tokens.next().text());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (current.isName("not") && tokens.ahead().isName("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        return operators.isEmpty() ? first : new Comparison(first, operators, rights);
      }
      rights.add(sum());
    }
  }

  private Expression sum() {
    Expression left = concatenation();
    while (tokens.current().isOperator("+") || tokens.current().isOperator("-")) {
      left = new Arithmetic(tokens.next().text(), left, concatenation());
    }
    return left;
  }

  private Expression concatenation() {
    Expression first = product();
    if (!tokens.current().isOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Concatenation(parts);
  }

  private Expression product() {
    Expression left = power();
    while (tokens.current().is(Kind.OPERATOR)
        && List.of("*", "/", "//", "%").contains(tokens.current().text())) {
      left = new Arithmetic(tokens.next().text(), left, power());
    }
    return left;
  }

  private Expression power() {
    Expression left = signed(true);
    while (tokens.skipOperator("**")) {
      left = new Arithmetic("**", left, signed(true));
    }
    return left;
  }

  private Expression signed(boolean filters) {
    Expression value;
    if (tokens.current().isOperator("-") || tokens.current().isOperator("+")) {
      boolean negative = tokens.next().isOperator("-");
      tokens.enter();
      value = new Expression.Sign(negative, signed(false));
      tokens.leave();
    } else {
      value = primary();
    }
    value = postfix(value);
    return filters ? filtersAndTests(value) : value;
  }

  private Expression primary() {
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
      return new Literal(
          token.is(Kind.FLOAT)
              ? Double.valueOf(token.text())
              : PythonNumbers.literal(token.text()));
    }
    if (tokens.skipOperator("(")) {
      Expression inner = tuple(true, true);
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
      items.add(expression());
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
      keys.add(expression());
      tokens.expectOperator(":");
      values.add(expression());
      if (!tokens.current().isOperator("}")) {
        tokens.expectOperator(",");
      }
    }
    return new DictOf(keys, values);
  }

  private Expression postfix(Expression start) {
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
    Expression from = tokens.current().isOperator(":") ? null : expression();
    if (!tokens.skipOperator(":")) {
      return new Expression.Item(target, from);
    }
    Expression to = bound();
    Expression step = tokens.skipOperator(":") ? bound() : null;
    return new Slice(target, from, to, step);
  }

  private Expression bound() {
    Token current = tokens.current();
    return current.isOperator(":") || current.isOperator("]") ? null : expression();
  }

  private Expression filtersAndTests(Expression start) {
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
        if (named.put(current.text(), expression()) != null) {
          throw tokens.fault("argument '" + current.text() + "' is given twice");
        }
      } else if (named.isEmpty()) {
        positional.add(expression());
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
