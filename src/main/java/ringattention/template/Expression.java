package ringattention.template;

import java.util.List;
import java.util.Map;

/** The tree of an expression. Which value each has is {@link Evaluator}'s. */
sealed interface Expression {
  record Literal(Object value) implements Expression {}

  record Name(String name) implements Expression {}

  record ListOf(List<Expression> items) implements Expression {}

  record TupleOf(List<Expression> items) implements Expression {}

  record DictOf(List<Expression> keys, List<Expression> values) implements Expression {}

  record Attribute(Expression target, String name) implements Expression {}

  record Item(Expression target, Expression key) implements Expression {}

  /** Bounds that are not written are null. */
  record Slice(Expression target, Expression from, Expression to, Expression step)
      implements Expression {}

  record Call(Expression target, Written arguments) implements Expression {}

  record Filter(Expression input, String name, Written arguments) implements Expression {}

  record Test(Expression input, String name, Written arguments) implements Expression {}

  record Sign(boolean negative, Expression operand) implements Expression {}

  record Arithmetic(String operator, Expression left, Expression right) implements Expression {}

  record Concatenation(List<Expression> parts) implements Expression {}

  record And(Expression left, Expression right) implements Expression {}

  record Or(Expression left, Expression right) implements Expression {}

  record Not(Expression operand) implements Expression {}

  /** {@code first op right op right ...}, as Python chains them. */
  record Comparison(Expression first, List<String> operators, List<Expression> rights)
      implements Expression {}

  /** {@code then if test else otherwise}; otherwise may be null. */
  record Conditional(Expression test, Expression then, Expression otherwise)
      implements Expression {}

  /** Arguments as they are written. */
  record Written(List<Expression> positional, Map<String, Expression> named) {
    static final Written NONE = new Written(List.of(), Map.of());
  }
}
