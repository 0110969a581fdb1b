package ringattention.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.template.Rendering.Span;

/** What a template is given, what it may reach, and how it fails. */
class ChatTemplateTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "a\\n{{ x | nosuch }} # line 2: no filter named 'nosuch'",
        "a\\n\\n{% if x is nosuch %}{% endif %} # line 3: no test named 'nosuch'",
        "{% if 0 %}\\n{{ x | nosuch }}{% endif %} # line 2: no filter named 'nosuch'",
        "\\n{% nosuch %} # line 2: no tag named 'nosuch'",
        "{% include 'f' %} # line 1: no tag named 'include'",
        "{% import 'f' as f %} # line 1: no tag named 'import'",
        "{% extends 'f' %} # line 1: no tag named 'extends'",
        "\\n{{ nope.x }} # line 2: 'nope' is undefined",
        "{{ m.nope.x }} # line 1: 'dict object' has no attribute 'nope'",
        "{% for i in l %}\\n{{ i.a.b }}{% endfor %} # line 2: 'int object' has no attribute 'a'",
        "{{ 'a' + 1 }} # line 1: '+' does not take str and int",
        "\\n{{ x # line 2: a tag without its end, '}}': the template ends before",
        "{% if x %}\\n\\n # line 2: the template ends without {% elif %} or {% else %} or {% endif %}",
        "{% endif %} # line 1: {% endif %} ends nothing that is open here",
        "{% for i in l %}{% endif %}{% endfor %} # line 1: {% endif %} ends nothing that is open here",
        "{{ 1 2 }} # line 1: expected '}}', found '2'",
        "{{ }} # line 1: expected an expression, found '}}'",
        "{{ 'a }} # line 1: a string without its end, '",
        "{{ 1 $ 2 }} # line 1: unexpected character '$'",
        "{{ '\\\\x4' }} # line 1: bad escape in a string, \\x4",
        "{% for i in l recursive %}{% endfor %} # line 1: recursive loops are not supported",
        "{{ f(*l) }} # line 1: arguments with * and ** are not supported",
        "{% break %} # line 1: {% break %} stands in no loop",
        "{% for i in l %}{% generation %}{% break %}{% endgeneration %}{% endfor %} # line 1: {% break %} stands in no loop",
        "{% set loop = 1 %} # line 1: 'loop' cannot be assigned to",
        "{% set m.a = 1 %} # line 1: 'm' is no namespace, so it has no fields that can be set",
        "{{ 9223372036854775807 + 1 }} # line 1: an integer does not fit into 64 bits",
        "{{ 9223372036854775808 }} # an integer does not fit into 64 bits",
        "{{ l | map('upper') }} # line 1: a generator cannot be printed; the filter list makes a list of it",
        "{{ (l | map('string')) | length }} # line 1: a value of type generator has no length",
        "{% macro f() %}{% generation %}a{% endgeneration %}{% endmacro %}{{ f() }} # line 1: {% generation %} inside of a macro or captured block: its place is not known",
        "{{ strftime_now('%Q') }} # line 1: strftime_now does not know '%Q'",
      })
  void saysWhatIsWrongInOneLine(String template, String message) {
    String source = template.replace("\\n", "\n").replace("\\\\", "\\");
    TemplateException e =
        assertThrows(
            TemplateException.class,
            () -> ChatTemplate.parse(source).render(Map.of("l", List.of(1), "m", Map.of())));
    assertEquals(message, e.getMessage());
  }

  @Test
  void raisesWhatTheTemplateSays() {
    ChatTemplate template = ChatTemplate.parse("a\n{{ raise_exception('one\ntwo' ~ x) }}");
    TemplateException e =
        assertThrows(TemplateException.class, () -> template.render(Map.of("x", "y".repeat(900))));
    assertEquals("one\ntwo" + "y".repeat(900), e.reason());
    assertEquals(2, e.line());
    assertTrue(e.getMessage().startsWith("line 2: one twoyyy"), e.getMessage());
    assertTrue(e.getMessage().length() < 500, "length " + e.getMessage().length());
  }

  /** What Python's sandbox refuses, and what would be Java's if there were a way to it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ s.__class__.x }}",
        "{{ s['__class__'].x }}",
        "{{ (s | attr('__class__')).x }}",
        "{{ s.getClass() }}",
        "{{ s.class.x }}",
        "{{ s.toString() }}",
        "{{ l.stream() }}",
        "{{ l.append(1) }}",
        "{{ l['append'](1) }}",
        "{{ m.update({'a': 1}) }}",
        "{{ m.pop('a') }}",
        "{{ m.clear() }}",
        "{{ l.sort() }}",
        "{{ range.__globals__.x }}",
        "{{ raise_exception.call(1) }}",
        "{{ '{0.__class__}'.format(s) }}",
        "{{ s | map('attr', '__class__') | map(attribute='x') | list }}",
        "{{ open('/etc/passwd') }}",
        "{{ self.x }}",
        "{{ cycler.__init__.x }}",
      })
  void reachesNothingElse(String template) {
    Map<String, Object> context = Map.of("s", "text", "l", List.of(2, 1), "m", Map.of("a", 0));
    assertThrows(
        TemplateException.class, () -> ChatTemplate.parse(template).render(context).text());
  }

  @Test
  void textsAreNeverEvaluated() {
    String text = "{{ 7 * 7 }}{% if x %}{# c #}{% raw %}{{ raise_exception('no') }}\r\n";
    Map<String, Object> context = Map.of("messages", List.of(Map.of("content", text)));
    assertEquals(
        "<" + text + "><" + text.strip() + ">",
        ChatTemplate.parse(
                "{% for m in messages %}<{{ m.content }}>"
                    + "{% set c %}{{ m['content'] | trim }}{% endset %}<{{ c }}>{% endfor %}")
            .render(context)
            .text());
  }

  /** Ranges are Java's: an emoji before one counts for two. */
  @Test
  void spansAreRangesOfTheText() {
    Rendering rendering =
        ChatTemplate.parse(
                "{{ '\ud83d\ude00' }}{% generation %}a{{ x }}{% endgeneration %}\n"
                    + "b{% generation %}{% endgeneration %}"
                    + "{% generation %}{% generation %}c{% endgeneration %}d{% endgeneration %}")
            .render(Map.of("x", "\ud83d\ude00"));
    assertEquals("\ud83d\ude00a\ud83d\ude00bcd", rendering.text());
    assertEquals(
        List.of(new Span(2, 5), new Span(6, 6), new Span(6, 8), new Span(6, 7)),
        rendering.generated());
  }

  @Test
  void tellsTheTimeOfItsClock() {
    Clock clock = Clock.fixed(Instant.parse("2024-02-29T23:30:00Z"), ZoneId.of("Europe/Zurich"));
    assertEquals(
        "01 Mar 2024 00:30",
        ChatTemplate.parse("{{ strftime_now('%d %b %Y %H:%M') }}", clock).render(Map.of()).text());
    assertTrue(
        ChatTemplate.parse("{{ strftime_now('%Y') }}").render(Map.of()).text().matches("\\d{4}"));
  }

  @Test
  void takesPlainValuesOnly() {
    Map<String, Object> context = new LinkedHashMap<>();
    context.put("v", Arrays.asList(1, 2L, (short) 3, (byte) 4, 1.5f, 2.0, true, null, "s"));
    context.put("o", new LinkedHashMap<>(Map.of("k", List.of())));
    assertEquals(
        "[1, 2, 3, 4, 1.5, 2.0, True, None, 's']{'k': []}",
        ChatTemplate.parse("{{ v }}{{ o }}").render(context).text());
    TemplateException e =
        assertThrows(
            TemplateException.class,
            () ->
                ChatTemplate.parse("")
                    .render(Map.of("tools", List.of(Map.of("x", new StringBuilder())))));
    assertEquals(
        "tools has a java.lang.StringBuilder, which no template can be given", e.getMessage());
    e =
        assertThrows(
            TemplateException.class,
            () -> ChatTemplate.parse("").render(Map.of("tools", Map.of(1, 2))));
    assertEquals("tools has a key that is no string", e.getMessage());
  }

  /** A function's name may be a variable of the context, which comes first. */
  @Test
  void contextComesBeforeFunctions() {
    Map<String, Object> context = Map.of("range", "r", "strftime_now", false);
    assertEquals("rFalse", render("{{ range }}{{ strftime_now }}", context));
  }

  /** One template, rendered twice, has nothing left of the first time. */
  @Test
  void renderingsAreApart() {
    ChatTemplate template =
        ChatTemplate.parse(
            "{{ a is defined }}{% set a = 1 %}{% macro f() %}{{ a }}{% endmacro %}{{ f() }}");
    assertEquals("False1", template.render(Map.of()).text());
    assertEquals("False1", template.render(Map.of()).text());
    assertFalse(template.render(Map.of()).generated().iterator().hasNext());
  }

  @Test
  void newlinesOfASourceAreOne() {
    assertEquals("a\nb\nc", render("a\r\nb\rc\r\n", Map.of()));
    assertEquals("a\n", render("a\n\n", Map.of()));
    assertEquals("1\n", render("{{ x }}\n", Map.of("x", "1\n")));
  }

  private static String render(String template, Map<String, Object> context) {
    return ChatTemplate.parse(template).render(context).text();
  }
}
