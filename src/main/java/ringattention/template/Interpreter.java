package ringattention.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import ringattention.template.Rendering.Span;
import ringattention.template.Statement.Target;

/** Runs the statements of a template once. */
final class Interpreter {
  /** Where a body went on when it was left. */
  private enum Leaving {
    END,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Evaluator evaluator;
  private final List<Span> generated = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private StringBuilder out = text; // or what a macro or block captures

  Interpreter(Budget budget) {
    this.budget = budget;
    this.evaluator = new Evaluator(budget);
  }

  Rendering run(List<Statement> template, Scope scope) {
    body(template, scope);
    return new Rendering(text.toString(), generated);
  }

  private Leaving body(List<Statement> body, Scope scope) {
    for (Statement statement : body) {
      Leaving leaving;
      try {
        budget.step();
        budget.enter();
        leaving = statement(statement, scope);
        budget.leave();
      } catch (TemplateException e) {
        throw e.at(statement.line());
      }
      if (leaving != Leaving.END) {
        return leaving;
      }
    }
    return Leaving.END;
  }

  private Leaving statement(Statement statement, Scope scope) {
    if (statement instanceof Statement.Text plain) {
      write(plain.text());
    } else if (statement instanceof Statement.Print print) {
      write(PythonText.str(evaluator.value(print.value(), scope), budget));
    } else if (statement instanceof Statement.If conditional) {
      return conditional(conditional, scope);
    } else if (statement instanceof Statement.For loop) {
      return loop(loop, scope);
    } else if (statement instanceof Statement.Assign assign) {
      set(assign.target(), evaluator.value(assign.value(), scope), scope);
    } else if (statement instanceof Statement.Define define) {
      scope.set(define.name(), macro(define, scope));
    } else if (statement instanceof Statement.Generation generation) {
      generation(generation, scope);
    } else if (statement instanceof Statement.Break) {
      return Leaving.BREAK;
    } else if (statement instanceof Statement.Continue) {
      return Leaving.CONTINUE;
    } else {
      return block(statement, scope);
    }
    return Leaving.END;
  }

  /** Blocks with a scope of their own. */
  private Leaving block(Statement statement, Scope scope) {
    if (statement instanceof Statement.AssignBlock assign) {
      String body = capture(assign.body(), new Scope(scope));
      set(assign.target(), filtered(assign.filters(), body, scope), scope);
    } else if (statement instanceof Statement.FilterBlock filter) {
      String body = capture(filter.body(), new Scope(scope));
      write(PythonText.str(filtered(filter.filters(), body, scope), budget));
    } else if (statement instanceof Statement.CallBlock call) {
      write(PythonText.str(callBlock(call, scope), budget));
    } else if (statement instanceof Statement.With with) {
      Scope inner = new Scope(scope);
      for (int i = 0; i < with.targets().size(); i++) {
        set(with.targets().get(i), evaluator.value(with.values().get(i), scope), inner);
      }
      return body(with.body(), inner);
    }
    return Leaving.END;
  }

  private void write(String piece) {
    budget.text(piece.length());
    budget.length((long) out.length() + piece.length());
    out.append(piece);
  }

  private String capture(List<Statement> body, Scope scope) {
    StringBuilder around = out;
    out = new StringBuilder();
    body(body, scope);
    String captured = out.toString();
    out = around;
    return captured;
  }

  private Object filtered(Expression filters, String text, Scope scope) {
    if (filters == null) {
      return text;
    }
    Scope inner = new Scope(scope);
    inner.set(Statement.BODY, text);
    return evaluator.value(filters, inner);
  }

  /** What a macro or captured block writes has no place in the text yet, so it has no span. */
  private void generation(Statement.Generation generation, Scope scope) {
    if (out != text) {
      throw new TemplateException(
          "{% generation %} inside of a macro or captured block: its place is not known");
    }
    int place = generated.size();
    int start = text.length();
    body(generation.body(), new Scope(scope));
    generated.add(place, new Span(start, text.length()));
  }

  private Leaving conditional(Statement.If conditional, Scope scope) {
    for (Statement.Branch branch : conditional.branches()) {
      if (evaluator.truth(branch.test(), scope)) {
        return body(branch.body(), scope);
      }
    }
    return body(conditional.otherwise(), scope);
  }

  private Leaving loop(Statement.For written, Scope scope) {
    Object iterable = evaluator.value(written.iterable(), scope);
    Loop loop =
        new Loop(
            iterable,
            written.filter() == null ? null : elements -> filter(written, elements, scope),
            budget);
    if (!loop.hasNext()) {
      return body(written.otherwise(), new Scope(scope));
    }
    while (loop.hasNext()) {
      Scope turn = new Scope(scope);
      set(written.target(), loop.next(), turn);
      turn.set("loop", loop);
      if (body(written.body(), turn) == Leaving.BREAK) {
        break;
      }
    }
    return Leaving.END;
  }

  /** The elements for which the loop's condition holds, asked for each when its turn comes. */
  private Iterator<Object> filter(Statement.For written, Iterator<Object> elements, Scope scope) {
    return new Iterator<>() {
      private Object next = Dicts.ABSENT;

      @Override
      public boolean hasNext() {
        while (next == Dicts.ABSENT && elements.hasNext()) {
          Object element = elements.next();
          Scope inner = new Scope(scope);
          set(written.target(), element, inner);
          next = evaluator.truth(written.filter(), inner) ? element : Dicts.ABSENT;
        }
        return next != Dicts.ABSENT;
      }

      @Override
      public Object next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Object element = next;
        next = Dicts.ABSENT;
        return element;
      }
    };
  }

  private void set(Target target, Object value, Scope scope) {
    if (target instanceof Target.Variable variable) {
      scope.set(variable.name(), value);
    } else if (target instanceof Target.NamespaceField field) {
      if (!(scope.get(field.namespace()) instanceof Namespace namespace)) {
        throw new TemplateException(
            "'" + field.namespace() + "' is no namespace, so it has no fields that can be set");
      }
      namespace.fields().put(field.field(), value);
    } else if (target instanceof Target.Several several) {
      List<Object> values = Types.list(value, budget);
      if (values.size() != several.targets().size()) {
        throw new TemplateException(
            values.size() + " values for " + several.targets().size() + " variables");
      }
      for (int i = 0; i < values.size(); i++) {
        set(several.targets().get(i), values.get(i), scope);
      }
    }
  }

  private Object callBlock(Statement.CallBlock call, Scope scope) {
    Arguments written = evaluator.arguments(call.call().arguments(), scope);
    Map<String, Object> named = new LinkedHashMap<>(written.named());
    named.put("caller", macro(call.caller(), scope));
    Object callee = evaluator.value(call.call().target(), scope);
    return Evaluator.call(callee, new Arguments(written.positional(), named));
  }

  /** A macro sees the scope in which it is defined, as that is when the macro is called. */
  private Callable macro(Statement.Define define, Scope around) {
    return arguments -> {
      Scope scope = new Scope(around);
      Map<String, Object> named = new LinkedHashMap<>(arguments.named());
      List<String> parameters = define.parameters();
      int given = Math.min(arguments.positional().size(), parameters.size());
      for (int i = 0; i < parameters.size(); i++) {
        String name = parameters.get(i);
        int fallback = i - parameters.size() + define.defaults().size();
        Object value;
        if (i < given) {
          value = arguments.positional().get(i);
        } else if (named.containsKey(name)) {
          value = named.remove(name);
        } else if (fallback >= 0) {
          value = evaluator.value(define.defaults().get(fallback), scope);
        } else {
          value = new Undefined("parameter '" + name + "' was not provided");
        }
        scope.set(name, value);
      }
      rest(define, scope, arguments, named, given);
      return capture(define.body(), scope);
    };
  }

  /** Arguments that are no parameters: a macro takes those whose variables it mentions. */
  private void rest(
      Statement.Define define,
      Scope scope,
      Arguments arguments,
      Map<String, Object> named,
      int given) {
    if (define.names().contains("caller") && !define.parameters().contains("caller")) {
      Object caller = named.remove("caller");
      scope.set("caller", caller == null ? new Undefined("no caller is defined") : caller);
    }
    List<Object> positional = arguments.positional();
    if (define.names().contains("varargs")) {
      scope.set("varargs", new Tuple(positional.subList(given, positional.size())));
    } else if (given < positional.size()) {
      throw new TemplateException(
          "macro '" + define.name() + "' takes at most " + given + " arguments");
    }
    if (define.names().contains("kwargs")) {
      scope.set("kwargs", new LinkedHashMap<Object, Object>(named));
    } else if (!named.isEmpty()) {
      String name = named.keySet().iterator().next();
      throw new TemplateException("macro '" + define.name() + "' has no parameter '" + name + "'");
    }
  }
}
