package ringattention.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import ringattention.template.Statement.Branch;
import ringattention.template.Statement.Define;
import ringattention.template.Statement.Target;
import ringattention.template.Token.Kind;

/** Parses a template into statements. */
final class StatementParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final OperandParser operands;
  private int loops; // that a break would leave

  private StatementParser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
    this.operands = expressions.operands();
  }

  /**
   * Returns the statements of a template.
   *
   * @throws TemplateException naming the line of what cannot be parsed
   */
  static List<Statement> parse(String source) {
    StatementParser parser = new StatementParser(new TokenStream(Lexer.tokens(source)));
    return parser.body(Set.of());
  }

  /** Parses up to a tag of one of the names, which is the current token then. */
  private List<Statement> body(Set<String> ends) {
    tokens.enter();
    List<Statement> body = new ArrayList<>();
    while (true) {
      Token token = tokens.next();
      if (token.is(Kind.TEXT)) {
        body.add(new Statement.Text(token.line(), token.text()));
      } else if (token.is(Kind.PRINT_BEGIN)) {
        body.add(new Statement.Print(token.line(), expressions.tuple(true)));
        tokens.expect(Kind.PRINT_END);
      } else if (token.is(Kind.TAG_BEGIN)) {
        if (tokens.current().is(Kind.NAME) && ends.contains(tokens.current().text())) {
          break;
        }
        body.add(statement());
        tokens.expect(Kind.TAG_END);
      } else if (ends.isEmpty()) {
        break;
      } else {
        throw new TemplateException(token.line(), "the template ends without " + words(ends));
      }
    }
    tokens.leave();
    return body;
  }

  private static String words(Set<String> ends) {
    return String.join(" or ", ends.stream().map(end -> "{% " + end + " %}").sorted().toList());
  }

  /** A body behind its tag, up to and with the name of its end. */
  private List<Statement> block(String end) {
    List<Statement> body = opened(Set.of(end));
    tokens.expectName(end);
    return body;
  }

  private List<Statement> opened(Set<String> ends) {
    tokens.expect(Kind.TAG_END);
    return body(ends);
  }

  /** A block that is a function of its own: no loop around it can be left from inside. */
  private List<Statement> function(String end) {
    int around = loops;
    loops = 0;
    List<Statement> body = block(end);
    loops = around;
    return body;
  }

  private Statement statement() {
    int line = tokens.line();
    String tag = tokens.expect(Kind.NAME).text();
    return switch (tag) {
      case "if" -> conditional(line);
      case "for" -> loop(line);
      case "set" -> assignment(line);
      case "macro" -> macro(line);
      case "call" -> callBlock(line);
      case "filter" ->
          new Statement.FilterBlock(
              line,
              operands.filters(operands.filter(new Expression.Name(Statement.BODY))),
              function("endfilter"));
      case "with" -> with(line);
      case "generation" -> new Statement.Generation(line, function("endgeneration"));
      case "break" -> jump(line, tag);
      case "continue" -> jump(line, tag);
      default -> throw new TemplateException(line, unknown(tag));
    };
  }

  private static String unknown(String tag) {
    return tag.startsWith("end") || tag.equals("else") || tag.equals("elif")
        ? "{% " + tag + " %} ends nothing that is open here"
        : "no tag named '" + tag + "'";
  }

  private Statement jump(int line, String tag) {
    if (loops == 0) {
      throw new TemplateException(line, "{% " + tag + " %} stands in no loop");
    }
    return tag.equals("break") ? new Statement.Break(line) : new Statement.Continue(line);
  }

  private Statement conditional(int line) {
    List<Branch> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    do {
      Expression test = expressions.tuple(false);
      branches.add(new Branch(test, opened(Set.of("elif", "else", "endif"))));
    } while (tokens.skipName("elif"));
    if (tokens.skipName("else")) {
      otherwise = opened(Set.of("endif"));
    }
    tokens.expectName("endif");
    return new Statement.If(line, branches, otherwise);
  }

  private Statement loop(int line) {
    Target target = targets("in");
    tokens.expectName("in");
    Expression iterable = expressions.tuple(false);
    Expression filter = tokens.skipName("if") ? expressions.expression() : null;
    if (tokens.current().isName("recursive")) {
      throw tokens.fault("recursive loops are not supported");
    }
    loops++;
    List<Statement> body = opened(Set.of("else", "endfor"));
    loops--;
    List<Statement> otherwise = List.of();
    if (tokens.skipName("else")) {
      otherwise = opened(Set.of("endfor"));
    }
    tokens.expectName("endfor");
    return new Statement.For(line, target, iterable, filter, body, otherwise);
  }

  private Statement assignment(int line) {
    Target target = targets("");
    if (tokens.skipOperator("=")) {
      return new Statement.Assign(line, target, expressions.tuple(true));
    }
    Expression filters =
        tokens.current().isOperator("|")
            ? operands.filters(new Expression.Name(Statement.BODY))
            : null;
    return new Statement.AssignBlock(line, target, filters, function("endset"));
  }

  /** One target, or several with commas between them up to a name or the end of the tag. */
  private Target targets(String end) {
    List<Target> targets = new ArrayList<>();
    targets.add(target());
    boolean several = tokens.current().isOperator(",");
    while (tokens.skipOperator(",")) {
      Token current = tokens.current();
      if (current.isName(end) || current.isOperator("=") || current.isOperator(")")) {
        break;
      }
      targets.add(target());
    }
    return several ? new Target.Several(targets) : targets.get(0);
  }

  private Target target() {
    if (tokens.skipOperator("(")) {
      tokens.enter();
      Target inner = targets("");
      tokens.leave();
      tokens.expectOperator(")");
      return inner;
    }
    int line = tokens.line();
    String name = tokens.expect(Kind.NAME).text();
    if (Set.of("true", "false", "none", "True", "False", "None", "loop").contains(name)) {
      throw new TemplateException(line, "'" + name + "' cannot be assigned to");
    }
    return tokens.skipOperator(".")
        ? new Target.NamespaceField(name, tokens.expect(Kind.NAME).text())
        : new Target.Variable(name);
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.current().is(Kind.TAG_END)) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(target());
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Statement.With(line, targets, values, block("endwith"));
  }

  private Statement macro(int line) {
    String name = tokens.expect(Kind.NAME).text();
    return define(line, name, "endmacro");
  }

  private Define define(int line, String name, String end) {
    int mark = operands.mark();
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    signature(parameters, defaults);
    List<Statement> body = function(end);
    return new Define(line, name, parameters, defaults, body, operands.namesSince(mark));
  }

  private void signature(List<String> parameters, List<Expression> defaults) {
    tokens.expectOperator("(");
    while (!tokens.skipOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      parameters.add(tokens.expect(Kind.NAME).text());
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw tokens.fault("a parameter without a default stands behind one that has one");
      }
    }
  }

  private Statement callBlock(int line) {
    int mark = operands.mark();
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    if (tokens.current().isOperator("(")) {
      signature(parameters, defaults);
    }
    if (!(expressions.expression() instanceof Expression.Call call)) {
      throw new TemplateException(line, "{% call %} needs the call of a macro");
    }
    List<Statement> body = function("endcall");
    Set<String> names = operands.namesSince(mark);
    return new Statement.CallBlock(
        line, call, new Define(line, "caller", parameters, defaults, body, names));
  }
}
