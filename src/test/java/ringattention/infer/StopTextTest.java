package ringattention.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopTextTest {
  /** Returns what comes out of each character. */
  private static List<String> characters(StopText stop, String text) {
    List<String> parts = new ArrayList<>();
    for (char c : text.toCharArray()) {
      parts.add(stop.add(Character.toString(c)));
    }
    return parts;
  }

  @Test
  void textBeforeTheStopComesOut() {
    StopText stop = new StopText(List.of("beta gamma"));
    assertEquals("alpha ", String.join("", characters(stop, "alpha beta gamma delta")));
    assertTrue(stop.isStopped());
    assertEquals("", stop.finish());
  }

  @Test
  void aNearMissComesOutWholeAndAtOnce() {
    StopText stop = new StopText(List.of("beta gamma"));
    List<String> parts = characters(stop, "beta gamble");
    assertEquals("beta gam", parts.get(8));
    assertEquals("beta gamble", String.join("", parts));
    assertFalse(stop.isStopped());
  }

  @Test
  void onlyWhatMayBeginAStopIsHeld() {
    StopText stop = new StopText(List.of("aab", "c d"));
    assertEquals("x", stop.add("x"));
    assertEquals("", stop.add("aa"));
    assertEquals("a", stop.add("a"));
    assertEquals("aac", stop.add("cc"));
    assertEquals("", stop.add(" "));
    assertEquals("c ", stop.finish());
  }

  @Test
  void aStopThatBeginsAnotherIsEnough() {
    StopText stop = new StopText(List.of("ab", "abc"));
    assertEquals("x", String.join("", characters(stop, "xabc")));
    StopText once = new StopText(List.of("abc", "ab"));
    assertEquals("x", once.add("xabc"));
  }

  /** However a text is cut into parts, the same comes out: what one character at a time gives. */
  @Test
  void partsDoNotMatter() {
    Random random = new Random(7);
    for (int trial = 0; trial < 3000; trial++) {
      List<String> stops = new ArrayList<>();
      for (int i = 0; i <= random.nextInt(3); i++) {
        stops.add(text(random, 1 + random.nextInt(4)));
      }
      String text = text(random, random.nextInt(20));
      StringBuilder out = new StringBuilder();
      StopText stop = new StopText(stops);
      for (int at = 0; at < text.length(); ) {
        int end = Math.min(text.length(), at + 1 + random.nextInt(6));
        out.append(stop.add(text.substring(at, end)));
        at = end;
      }
      out.append(stop.finish());
      assertEquals(expected(text, stops), out.toString(), text + " " + stops);
    }
  }

  private static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    random.ints(length, 0, 3).forEach(i -> text.append("abc".charAt(i)));
    return text.toString();
  }

  /** The text before the first stop that is complete, of several the longest. */
  private static String expected(String text, List<String> stops) {
    for (int end = 0; end <= text.length(); end++) {
      String sofar = text.substring(0, end);
      int longest = stops.stream().filter(sofar::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return text.substring(0, end - longest);
      }
    }
    return text;
  }
}
