package ringattention.infer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TerminalTextTest {
  @Test
  void textComesAtOnceAndDoesNotSteerTheTerminal() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    List<String> shown = new ArrayList<>();
    TerminalText terminal =
        new TerminalText(new PrintStream(new BufferedOutputStream(bytes), false, UTF_8));
    GenerationListener watching =
        new GenerationListener() {
          @Override
          public void text(SampleKey key, String part) {
            shown.add(bytes.toString(UTF_8));
          }
        };
    SampleKey key = new SampleKey("1", 0);
    GenerationListener both = terminal.and(watching);
    both.text(key, "caf\u00e9\t");
    both.text(key, "\u001b[2J\u009b\r\n");
    both.ended(GenerationResult.refused(key, 1));
    assertEquals("caf\u00e9\t", shown.get(0));
    assertEquals("caf\u00e9\t\ufffd[2J\ufffd\ufffd\n\n", bytes.toString(UTF_8));
  }

  /** Both listeners hear of everything. */
  @Test
  void listenersTogether() {
    Rig first = Rig.saying(Map.of("a", "bc\n"));
    Rig second = Rig.saying(Map.of());
    GenerationListener both = first.and(second);
    both.text(new SampleKey("1", 0), "x");
    both.ended(GenerationResult.refused(new SampleKey("1", 0), 1));
    assertEquals(first.streamed, second.streamed);
    assertEquals(1, second.results.size());
    assertEquals(1, first.results.size());
  }
}
