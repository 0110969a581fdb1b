package ringattention.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import ringattention.template.Expression.Arithmetic;
import ringattention.template.Expression.Comparison;
import ringattention.template.Expression.Concatenation;
import ringattention.template.Expression.Conditional;
import ringattention.template.Expression.Not;
import ringattention.template.Expression.TupleOf;
import ringattention.template.Token.Kind;

/**
 * Parses expressions with Jinja's precedence, from the loosest: {@code if else}, {@code or}, {@code
 * and}, {@code not}, comparisons and {@code in}, {@code + -}, {@code ~}, {@code * / // %}, {@code
 * **}, signs. What these stand between is {@link OperandParser}'s.
 */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final TokenStream tokens;
  private final OperandParser operands;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    this.operands = new OperandParser(tokens, this);
  }

  /** What stands between the operators. */
  OperandParser operands() {
    return operands;
  }

  /** An expression, or a tuple without parentheses. */
  Expression tuple(boolean conditional) {
    return tuple(conditional, false);
  }

  /** A tuple that may be empty if it stands in parentheses. */
  Expression tuple(boolean conditional, boolean parentheses) {
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
      value = operands.primary();
    }
    value = operands.postfix(value);
    return filters ? operands.filtersAndTests(value) : value;
  }
}
