package ringattention.evaluate.suite;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Names such as {@code brave-otter}, of which no two are the same. */
record Keys(List<String> adjectives, List<String> nouns) {
  /** Returns the keys of the program's own words, those of the tokenizer of lines. */
  static Keys own() {
    return new Keys(words("adjectives"), words("nouns"));
  }

  private static List<String> words(String name) {
    String file = "/lines/" + name + ".txt";
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(Keys.class.getResourceAsStream(file), StandardCharsets.UTF_8))) {
      return lines.lines().toList();
    } catch (IOException impossible) { // it is in the program's jar
      throw new UncheckedIOException(impossible);
    }
  }

  int count() {
    return adjectives.size() * nouns.size();
  }

  /**
   * @param index from 0 to count - 1
   */
  String key(int index) {
    return adjectives.get(index / nouns.size()) + "-" + nouns.get(index % nouns.size());
  }
}
