package ringattention.template;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A chat template of the kind that tokenizers of Hugging Face carry: the part of Jinja 3 that such
 * templates use, rendered as transformers renders it (trim_blocks, lstrip_blocks, an immutable
 * sandbox, {@code break} and {@code continue}, {@code generation} blocks, its {@code tojson},
 * {@code raise_exception} and {@code strftime_now}).
 *
 * <p>Texts of a conversation are data: they are never taken for template code. A template reaches
 * nothing of the host. What it may spend is limited, and reaching a limit is a {@link
 * TemplateException}: {@value #LONGEST_SOURCE} characters of source, ten million steps, texts of 64
 * Mi characters, 300 levels of nesting.
 *
 * <p>Not in it: inheritance, imports, recursive loops, {@code *} and {@code **} arguments, integers
 * beyond 64 bits, and the escaping that {@code safe} guards against.
 */
public final class ChatTemplate {
  private static final int LONGEST_SOURCE = 1 << 20;

  private final List<Statement> statements;
  private final Clock clock;

  private ChatTemplate(List<Statement> statements, Clock clock) {
    this.statements = statements;
    this.clock = clock;
  }

  /**
   * Parses a template whose {@code strftime_now} tells the time of this host, as transformers'
   * does.
   *
   * @throws TemplateException naming the line of what is no template, or is not supported
   */
  public static ChatTemplate parse(String source) {
    return parse(source, Clock.systemDefaultZone());
  }

  /**
   * Parses a template.
   *
   * @param clock what {@code strftime_now} tells the time of, in the clock's zone
   * @throws TemplateException naming the line of what is no template, or is not supported
   */
  public static ChatTemplate parse(String source, Clock clock) {
    if (source.length() > LONGEST_SOURCE) {
      throw new TemplateException(
          "a template of " + source.length() + " characters; " + LONGEST_SOURCE + " are allowed");
    }
    return new ChatTemplate(StatementParser.parse(source), clock);
  }

  /**
   * Renders the template. It may be called by several threads at the same time.
   *
   * @param context the variables, such as messages, tools and add_generation_prompt: null, Boolean,
   *     String, whole numbers up to 64 bits, Double or Float, Lists, and Maps with String keys,
   *     whose order is kept; changed by nobody while it is rendered
   * @throws TemplateException if the template fails or raises, naming its line, or if a value of
   *     the context is none of these
   */
  public Rendering render(Map<String, Object> context) {
    Budget budget = new Budget();
    Map<String, Object> variables = new HashMap<>();
    context.forEach((name, value) -> variables.put(name, Types.plain(value, name, budget)));
    Scope functions = new Scope(null, Globals.of(clock, budget));
    Scope scope = new Scope(new Scope(functions, variables));
    return new Interpreter(budget).run(statements, scope);
  }
}
