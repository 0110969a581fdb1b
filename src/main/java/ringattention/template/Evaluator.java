package ringattention.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringattention.template.Expression.Written;

/** The values of expressions. */
final class Evaluator {
  private final Budget budget;

  Evaluator(Budget budget) {
    this.budget = budget;
  }

  /** Returns the value of an expression among the variables of a scope. */
  Object value(Expression expression, Scope scope) {
    budget.step();
    budget.enter();
    Object value = evaluate(expression, scope);
    budget.leave();
    return value;
  }

  boolean truth(Expression expression, Scope scope) {
    return Types.truth(value(expression, scope));
  }

  private Object evaluate(Expression expression, Scope scope) {
    if (expression instanceof Expression.Literal literal) {
      return literal.value();
    } else if (expression instanceof Expression.Name name) {
      return scope.get(name.name());
    } else if (expression instanceof Expression.Attribute attribute) {
      return Members.attribute(value(attribute.target(), scope), attribute.name(), budget);
    } else if (expression instanceof Expression.Item item) {
      return Members.item(value(item.target(), scope), value(item.key(), scope), budget);
    } else if (expression instanceof Expression.Slice slice) {
      return Members.slice(
          value(slice.target(), scope),
          bound(slice.from(), scope),
          bound(slice.to(), scope),
          bound(slice.step(), scope),
          budget);
    } else if (expression instanceof Expression.Filter filter) {
      Object input = value(filter.input(), scope);
      return Filters.apply(filter.name(), input, arguments(filter.arguments(), scope), budget);
    } else if (expression instanceof Expression.Test test) {
      Object input = value(test.input(), scope);
      return Tests.apply(test.name(), input, arguments(test.arguments(), scope), budget);
    } else if (expression instanceof Expression.Call call) {
      return call(value(call.target(), scope), arguments(call.arguments(), scope));
    }
    return operation(expression, scope);
  }

  private Object operation(Expression expression, Scope scope) {
    if (expression instanceof Expression.And and) {
      Object left = value(and.left(), scope);
      return Types.truth(left) ? value(and.right(), scope) : left;
    } else if (expression instanceof Expression.Or or) {
      Object left = value(or.left(), scope);
      return Types.truth(left) ? left : value(or.right(), scope);
    } else if (expression instanceof Expression.Not not) {
      return !truth(not.operand(), scope);
    } else if (expression instanceof Expression.Comparison comparison) {
      return comparison(comparison, scope);
    } else if (expression instanceof Expression.Arithmetic sum) {
      Object left = value(sum.left(), scope);
      return Operators.arithmetic(sum.operator(), left, value(sum.right(), scope), budget);
    } else if (expression instanceof Expression.Sign sign) {
      Object operand = value(sign.operand(), scope);
      Object negative = Operators.negative(operand); // also refuses what has no sign
      return sign.negative() ? negative : PythonNumbers.number(operand);
    } else if (expression instanceof Expression.Concatenation concatenation) {
      return concatenation(concatenation, scope);
    } else if (expression instanceof Expression.Conditional conditional) {
      if (truth(conditional.test(), scope)) {
        return value(conditional.then(), scope);
      }
      return conditional.otherwise() == null
          ? new Undefined("the inline if is false and has no else")
          : value(conditional.otherwise(), scope);
    }
    return literal(expression, scope);
  }

  private Object literal(Expression expression, Scope scope) {
    if (expression instanceof Expression.ListOf list) {
      return values(list.items(), scope);
    } else if (expression instanceof Expression.TupleOf tuple) {
      return new Tuple(values(tuple.items(), scope));
    }
    Expression.DictOf written = (Expression.DictOf) expression;
    Map<Object, Object> dict = new LinkedHashMap<>();
    for (int i = 0; i < written.keys().size(); i++) {
      Object key = value(written.keys().get(i), scope);
      Dicts.put(dict, key, value(written.values().get(i), scope), budget);
    }
    return dict;
  }

  private List<Object> values(List<Expression> expressions, Scope scope) {
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(value(expression, scope));
    }
    return values;
  }

  private Object bound(Expression expression, Scope scope) {
    return expression == null ? null : value(expression, scope);
  }

  private boolean comparison(Expression.Comparison comparison, Scope scope) {
    Object left = value(comparison.first(), scope);
    for (int i = 0; i < comparison.operators().size(); i++) {
      Object right = value(comparison.rights().get(i), scope);
      if (!Operators.compare(comparison.operators().get(i), left, right, budget)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private String concatenation(Expression.Concatenation concatenation, Scope scope) {
    StringBuilder text = new StringBuilder();
    for (Expression part : concatenation.parts()) {
      String next = PythonText.str(value(part, scope), budget);
      budget.text(next.length());
      budget.length((long) text.length() + next.length());
      text.append(next);
    }
    return text.toString();
  }

  Arguments arguments(Written written, Scope scope) {
    if (written.positional().isEmpty() && written.named().isEmpty()) {
      return Arguments.NONE;
    }
    Map<String, Object> named = new LinkedHashMap<>();
    List<Object> positional = values(written.positional(), scope);
    written.named().forEach((name, value) -> named.put(name, value(value, scope)));
    return new Arguments(positional, named);
  }

  /** Calls a value. */
  static Object call(Object callee, Arguments arguments) {
    if (callee instanceof Callable function) {
      return function.call(arguments);
    } else if (callee instanceof Undefined undefined) {
      throw undefined.fault();
    }
    throw new TemplateException("a " + Types.name(callee) + " cannot be called");
  }
}
