package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunLogTest {
  private final List<String> console = new ArrayList<>();
  private final List<String> file = new ArrayList<>();
  private final RunLog log = new RunLog(console::add, file::add);

  @Test
  void aQuietLogShowsWarningsWholeAndTheVerdict() {
    RunLog quiet = log.printing(false, true);
    String warning = "WARNING: " + "word ".repeat(30).strip();
    quiet.line("one");
    quiet.line(warning);
    quiet.section("Checks");
    quiet.row("row");
    quiet.verdict("VALID: done");
    assertEquals(List.of(warning, "VALID: done"), console);
    assertEquals(
        List.of("one", "", "Checks", "------", "row", "VALID: done"),
        file.stream().filter(line -> !line.contains("word")).toList());
    log.verdict("VALID: twice?");
    assertEquals(3, console.size());
  }

  @Test
  void anErrorLogShowsTheVerdictAlone() {
    RunLog errors = log.printing(false, false).ofTable();
    errors.line("WARNING: word");
    errors.verdict("INVALID: diverged");
    assertEquals(List.of("INVALID: diverged"), console);
    assertEquals(List.of("# WARNING: word", "# INVALID: diverged"), file);
  }

  @Test
  void everyLineGoesToBoth() {
    log.section("Checks");
    log.line("one");
    log.row("two  ");
    log.rows(List.of("three", "four"));
    assertEquals(List.of("", "Checks", "------", "one", "two", "three", "four"), console);
    assertEquals(console, file);
  }

  @Test
  void nothingButAsciiOnOneLine() {
    log.line("caf\u00e9 \u2264 1\tnext\nline");
    log.row("\u00b5s");
    assertEquals(List.of("caf? ? 1 next line", "?s"), console);
  }

  @Test
  void longLinesBreakAtBlanksWithinAHundredColumns() {
    String word = "word ".repeat(30).strip();
    log.line("  " + word);
    assertTrue(console.stream().allMatch(line -> line.length() <= 100), console.toString());
    assertEquals("  " + "word ".repeat(19) + "wo".substring(2), console.get(0) + " ");
    assertEquals("      " + "word ".repeat(11).strip(), console.get(1));
    assertEquals(2, console.size());
  }

  @Test
  void aLineOfExactlyAHundredColumnsIsWhole() {
    String line = "a ".repeat(49) + "bb";
    log.line(line);
    assertEquals(List.of(line), console);
  }

  @Test
  void aWordThatEndsOneColumnTooLateGoesToTheNextLine() {
    log.line("a ".repeat(50) + "b c");
    assertEquals(List.of("a ".repeat(50).strip(), "    b c"), console);
  }

  @Test
  void aWordThatIsTooLongStaysWhole() {
    String path = "/folder".repeat(20);
    log.line("input " + path + " and more");
    assertEquals(List.of("input", "    " + path, "    and more"), console);
  }
}
