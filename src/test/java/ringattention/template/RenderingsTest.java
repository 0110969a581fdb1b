package ringattention.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.template.Rendering.Span;

/**
 * Every construct as Python's Jinja renders it: src/test/resources/template, whose render.py wrote
 * what is expected. The constructs of chat templates come first by themselves, then put together.
 */
class RenderingsTest {
  private static final Path FOLDER = Path.of("src/test/resources/template");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-07-06T09:05:07Z"), ZoneOffset.UTC);

  static Stream<JsonNode> renderings() throws IOException {
    List<JsonNode> cases =
        Files.readAllLines(FOLDER.resolve("renderings.jsonl")).stream()
            .map(RenderingsTest::json)
            .toList();
    assertTrue(cases.size() > 500, "cases " + cases.size());
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("renderings")
  void rendersAsPython(JsonNode rendering) throws IOException {
    String template = rendering.get("template").asText();
    Map<String, Object> context =
        context(
            rendering.has("context")
                ? rendering.get("context")
                : JSON.readTree(FOLDER.resolve("context.json").toFile()));
    if (rendering.has("fails")) {
      assertThrows(
          TemplateException.class, () -> ChatTemplate.parse(template, CLOCK).render(context));
      return;
    }
    Rendering rendered = ChatTemplate.parse(template, CLOCK).render(context);
    assertEquals(rendering.get("expected").asText(), rendered.text());
    assertEquals(
        StreamSupport.stream(rendering.path("spans").spliterator(), false)
            .map(span -> List.of(span.get(0).asInt(), span.get(1).asInt()))
            .toList(),
        rendered.generated().stream().map(span -> points(span, rendered.text())).toList());
  }

  /** Python counts characters of Unicode, a span those of Java. */
  private static List<Integer> points(Span span, String text) {
    return List.of(text.codePointCount(0, span.start()), text.codePointCount(0, span.end()));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> context(JsonNode node) {
    return JSON.convertValue(node, LinkedHashMap.class);
  }

  private static JsonNode json(String line) {
    try {
      return JSON.readTree(line);
    } catch (IOException e) {
      throw new AssertionError(line, e);
    }
  }
}
