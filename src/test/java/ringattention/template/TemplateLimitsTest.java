package ringattention.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that would run for ever, fill the memory or the stack end in one line, and soon. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TemplateLimitsTest {
  private static final String STEPS = "the template takes more than 10000000 steps";
  private static final String LENGTH = "a text would be longer than 67108864 characters";
  private static final String DEPTH = "nested deeper than ";

  static Stream<Arguments> endless() {
    String thousand = "{% for i in range(100000) %}";
    String ns = "{% set ns = namespace(s='ab', l=[1], d={}) %}";
    return Stream.of(
        Arguments.of("range(10**9)", "{% for i in range(10**9) %}{% endfor %}", "range() of more"),
        Arguments.of("nested loops", thousand + thousand + "{% endfor %}{% endfor %}", STEPS),
        Arguments.of(
            "a macro that calls itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", DEPTH),
        Arguments.of(
            "a macro that calls itself twice",
            "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
            STEPS),
        Arguments.of(
            "a text that doubles",
            ns + thousand + "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
            LENGTH),
        Arguments.of(
            "a text that doubles by +",
            ns + thousand + "{% set ns.s = ns.s + ns.s %}{% endfor %}",
            LENGTH),
        Arguments.of("a text many times", "{{ 'ab' * 10**12 }}", LENGTH),
        Arguments.of("a text in a text", "{{ ('a' * 10**7).replace('a', 'b' * 10**7) }}", LENGTH),
        Arguments.of("joined", "{{ (range(100000) | list) | join('x' * 10**6) }}", LENGTH),
        Arguments.of("joined by the method", "{{ ('x' * 10**6).join('y' * 10**5) }}", LENGTH),
        Arguments.of(
            "a list that doubles",
            ns + thousand + "{% set ns.l = ns.l + ns.l %}{% endfor %}",
            STEPS),
        Arguments.of("a list many times", "{{ [1] * 10**12 }}", STEPS),
        Arguments.of(
            "much output", "{% set s = 'x' * 10**6 %}" + thousand + "{{ s }}{% endfor %}", LENGTH),
        Arguments.of(
            "much output in a block",
            "{% set s = 'x' * 10**6 %}{% set t %}" + thousand + "{{ s }}{% endfor %}{% endset %}",
            LENGTH),
        Arguments.of(
            "texts that are kept",
            ns + thousand + "{% set ns.l = ns.l + [('x' * 60000000).upper()] %}{% endfor %}",
            STEPS),
        Arguments.of(
            "a list of itself, printed",
            ns + "{% for i in range(90) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
            STEPS),
        Arguments.of(
            "a list of itself, as JSON",
            ns
                + "{% for i in range(90) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
            STEPS),
        Arguments.of(
            "lists of themselves, compared",
            "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(90) %}"
                + "{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}"
                + "{{ ns.a == ns.b }}",
            STEPS),
        Arguments.of(
            "a deep list, printed",
            ns + thousand + "{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
            DEPTH),
        Arguments.of(
            "a deep list, as JSON",
            ns + thousand + "{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l | tojson }}",
            DEPTH),
        Arguments.of(
            "deep lists, compared",
            "{% set ns = namespace(a=[], b=[]) %}"
                + thousand
                + "{% set ns.a = [ns.a] %}{% set ns.b = [ns.b] %}{% endfor %}{{ ns.a == ns.b }}",
            DEPTH),
        Arguments.of(
            "deep lists, ordered",
            "{% set ns = namespace(a=[], b=[]) %}"
                + thousand
                + "{% set ns.a = [ns.a] %}{% set ns.b = [ns.b] %}{% endfor %}{{ ns.a < ns.b }}",
            DEPTH),
        Arguments.of(
            "deep dicts, compared",
            "{% set ns = namespace(a={}, b={}) %}"
                + thousand
                + "{% set ns.a = {'k': ns.a} %}{% set ns.b = {'k': ns.b} %}{% endfor %}{{ ns.a == ns.b }}",
            DEPTH),
        Arguments.of(
            "long texts, compared",
            "{% set a = 'x' * 30000000 %}{% set b = a | upper | lower %}"
                + thousand
                + "{{ a == b }}{% endfor %}",
            STEPS),
        Arguments.of(
            "long texts, searched",
            "{% set a = 'x' * 30000000 %}" + thousand + "{{ 'y' in a }}{% endfor %}",
            STEPS),
        Arguments.of(
            "long texts, counted",
            "{% set a = 'x' * 30000000 %}" + thousand + "{{ a | length }}{{ a[-1] }}{% endfor %}",
            STEPS));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("endless")
  void spendsNoMoreThanIsAllowed(String what, String template, String reason) {
    assertEnds(() -> render(template), reason);
  }

  static Stream<Arguments> deep() {
    int n = 100_000;
    return Stream.of(
        Arguments.of("parentheses", "{{ " + "(".repeat(n) + "1" + ")".repeat(n) + " }}"),
        Arguments.of("lists", "{{ " + "[".repeat(n) + "]".repeat(n) + " }}"),
        Arguments.of("dicts", "{{ " + "{1:".repeat(n) + "1" + "}".repeat(n) + " }}"),
        Arguments.of("signs", "{{ " + "-".repeat(n) + "1 }}"),
        Arguments.of("not", "{{ " + "not ".repeat(n) + "1 }}"),
        Arguments.of("if else", "{{ " + "1 if 0 else ".repeat(n / 2) + "1 }}"),
        Arguments.of("sums", "{{ 1" + "+1".repeat(n) + " }}"),
        Arguments.of("and", "{{ 1" + " and 1".repeat(n) + " }}"),
        Arguments.of("or", "{{ 0" + " or 0".repeat(n) + " }}"),
        Arguments.of("powers", "{{ 1" + "**1".repeat(n) + " }}"),
        Arguments.of("attributes", "{{ x" + ".a".repeat(n) + " }}"),
        Arguments.of("calls", "{{ x" + "()".repeat(n) + " }}"),
        Arguments.of("calls in calls", "{{ " + "f(".repeat(n) + ")".repeat(n) + " }}"),
        Arguments.of("items in items", "{{ " + "f[".repeat(n) + "1" + "]".repeat(n) + " }}"),
        Arguments.of("filters", "{{ x" + "|string".repeat(n) + " }}"),
        Arguments.of(
            "arguments of tests", "{{ 1" + " is eq f(1".repeat(n / 2) + ")".repeat(n / 2) + " }}"),
        Arguments.of("ifs", "{% if 1 %}".repeat(n / 2)),
        Arguments.of("loops", "{% for i in x %}".repeat(n / 4)),
        Arguments.of(
            "targets", "{% for " + "(".repeat(n) + "a" + ")".repeat(n) + " in x %}{% endfor %}"),
        Arguments.of("a macro in itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"),
        Arguments.of(
            "a macro in itself, far inside",
            "{% macro f(x) %}{% for i in [1] %}{% if 1 %}{% set y %}{% filter upper %}{% with a = 1 %}"
                + "{{ [(1, {'a': 'b' ~ f(x=x) | trim})] }}{% endwith %}{% endfilter %}{% endset %}"
                + "{% endif %}{% endfor %}{% endmacro %}{{ f(1) }}"),
        Arguments.of(
            "a macro in its call block",
            "{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}{{ caller() }}{% endmacro %}"
                + "{% call f() %}{% endcall %}"),
        Arguments.of("a macro in its default", "{% macro f(a=f()) %}{% endmacro %}{{ f() }}"),
        Arguments.of(
            "a deep list",
            "{% set ns = namespace(l=[1]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}"
                + "{% endfor %}{{ ns.l }}"),
        Arguments.of(
            "a deep dict as JSON",
            "{% set ns = namespace(l=[1]) %}{% for i in range(99999) %}{% set ns.l = {1: ns.l} %}"
                + "{% endfor %}{{ ns.l | tojson(indent=1) }}"),
        Arguments.of(
            "deep lists, ordered",
            "{% set ns = namespace(a=[], b=[]) %}{% for i in range(99999) %}"
                + "{% set ns.a = [ns.a] %}{% set ns.b = [ns.b] %}{% endfor %}{{ ns.a < ns.b }}"),
        Arguments.of("macros", "{% macro m() %}".repeat(n / 4)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("deep")
  void deepTemplatesEndBeforeTheStackDoes(String what, String template) throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread small =
        new Thread(
            null,
            () -> {
              try {
                render(template);
              } catch (Throwable e) {
                thrown.set(e);
              }
            },
            "small stack",
            512 << 10);
    small.start();
    small.join();
    assertInstanceOf(TemplateException.class, thrown.get());
    assertTrue(thrown.get().getMessage().contains(DEPTH), thrown.get().getMessage());
  }

  /** What is merely long is no reason to fail. */
  @Test
  void longTemplatesRender() {
    String branches = "{% if 0 %}a" + "{% elif 0 %}b".repeat(20_000) + "{% else %}c{% endif %}";
    assertEquals("c", render(branches));
    assertEquals("1".repeat(5_000), render("{{ 1 }}".repeat(5_000)));
    assertEquals("x".repeat(5_000), render("{{ 'x'" + " ~ 'x'".repeat(4_999) + " }}"));
    assertEquals("250", render("{{ 1" + " + 1".repeat(249) + " }}"));
  }

  /** A conversation of thousands of turns that is gone through as templates do takes few steps. */
  @Test
  void longConversationsRender() {
    List<Object> messages = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      messages.add(
          Map.of("role", i % 2 == 0 ? "user" : "assistant", "content", "text ".repeat(200)));
    }
    String text =
        ChatTemplate.parse(
                "{% for m in messages %}{% if messages | length - loop.index0 > 0 and loop.last or"
                    + " messages[loop.index0 - 1].role != m['role'] %}<{{ m.role }}>{{ m.content |"
                    + " trim + '\n' }}{% endif %}{% endfor %}")
            .render(Map.of("messages", messages))
            .text();
    assertTrue(text.length() > 10_000_000, "length " + text.length());
    assertTrue(text.startsWith("<user>text text"), "begins");
    assertTrue(text.endsWith("text\n"), "ends");
  }

  @Test
  void sourcesAreBounded() {
    assertEquals("x".repeat(1 << 20), render("x".repeat(1 << 20)));
    assertEnds(
        () -> render("x".repeat((1 << 20) + 1)), "a template of 1048577 characters; 1048576");
    assertEnds(() -> render("{".repeat(10 << 20)), "a template of 10485760 characters");
  }

  /** A source of the greatest size that is nothing but beginnings, or ends, is read at once. */
  @ParameterizedTest
  @ValueSource(
      strings = {"{", "{{", "{%", "{#", "}}", "{% raw %}", "{#-", "\n  {%+", "'", "\\", "{{'\\"})
  void sourcesOfNothingButTagsAreReadAtOnce(String piece) {
    try {
      render(piece.repeat((1 << 20) / piece.length()));
    } catch (TemplateException e) {
      assertFalse(e.getMessage().isEmpty());
    }
  }

  @Test
  void contextsAreBounded() {
    List<Object> deep = List.of();
    for (int i = 0; i < 100_000; i++) {
      deep = List.of(deep);
    }
    Map<String, Object> context = new HashMap<>(Map.of("deep", deep));
    ChatTemplate template = ChatTemplate.parse("{{ deep }}");
    assertEnds(() -> template.render(context).text(), DEPTH);
  }

  private static String render(String template) {
    return ChatTemplate.parse(template).render(Map.of()).text();
  }

  private static void assertEnds(Supplier<String> rendering, String reason) {
    TemplateException e = assertThrows(TemplateException.class, rendering::get);
    assertTrue(e.getMessage().contains(reason), e.getMessage());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
  }
}
