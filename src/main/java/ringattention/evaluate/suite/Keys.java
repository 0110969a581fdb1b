package ringattention.evaluate.suite;

import java.util.List;
import ringattention.data.lines.LineVocabulary;

/** Names such as {@code brave-otter}, of which no two are the same. */
record Keys(List<String> adjectives, List<String> nouns) {
  /** Returns the keys of the program's own words, those of the tokenizer of lines. */
  static Keys own() {
    return new Keys(LineVocabulary.adjectives(), LineVocabulary.nouns());
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
