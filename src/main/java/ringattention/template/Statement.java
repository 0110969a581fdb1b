package ringattention.template;

import java.util.List;
import java.util.Set;

/** The tree of a template's statements. What each does is {@link Interpreter}'s. */
sealed interface Statement {
  /** The line of the template, from 1. */
  int line();

  record Text(int line, String text) implements Statement {}

  record Print(int line, Expression value) implements Statement {}

  /** Branches in order, and what to do if the test of none holds. */
  record If(int line, List<Branch> branches, List<Statement> otherwise) implements Statement {}

  record Branch(Expression test, List<Statement> body) {}

  /** The filter, {@code for x in xs if filter}, may be null. */
  record For(
      int line,
      Target target,
      Expression iterable,
      Expression filter,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  record Break(int line) implements Statement {}

  record Continue(int line) implements Statement {}

  record Assign(int line, Target target, Expression value) implements Statement {}

  /** The filters are an expression of the variable {@link #BODY}, or null. */
  record AssignBlock(int line, Target target, Expression filters, List<Statement> body)
      implements Statement {}

  record FilterBlock(int line, Expression filters, List<Statement> body) implements Statement {}

  record With(int line, List<Target> targets, List<Expression> values, List<Statement> body)
      implements Statement {}

  /**
   * A macro, or the body of a call block.
   *
   * @param defaults those of the last parameters
   * @param names the names that its body and defaults mention
   */
  record Define(
      int line,
      String name,
      List<String> parameters,
      List<Expression> defaults,
      List<Statement> body,
      Set<String> names)
      implements Statement {}

  record CallBlock(int line, Expression.Call call, Define caller) implements Statement {}

  record Generation(int line, List<Statement> body) implements Statement {}

  /** The variable that holds a block's text for its filters; no template can write this name. */
  String BODY = " body";

  /** What is assigned to. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    record NamespaceField(String namespace, String field) implements Target {}

    record Several(List<Target> targets) implements Target {}
  }
}
