package ringattention.data;

import java.util.BitSet;
import java.util.Map;

/** Where a text may be cut in two that are tokenized apart, without any other token. */
interface TextCuts {
  /** No such place is known. */
  TextCuts NOWHERE = new Between(Map.of(), "");

  /** Every character has tokens of its own. */
  TextCuts EVERYWHERE =
      new TextCuts() {
        @Override
        public boolean between(char left, char right) {
          return !Character.isHighSurrogate(left) || !Character.isLowSurrogate(right);
        }

        @Override
        public String context() {
          return "";
        }
      };

  /** Returns whether a text may be cut wherever these two follow each other. */
  boolean between(char left, char right);

  /**
   * Returns what stands before every part but the first when it is tokenized, so that it is not
   * taken for the beginning of a text. Its own tokens come first, and are those it has alone.
   */
  String context();

  /**
   * Cuts before some characters, if others are before them.
   *
   * @param lefts by the character behind the cut
   */
  record Between(Map<Character, BitSet> lefts, String context) implements TextCuts {
    @Override
    public boolean between(char left, char right) {
      return lefts.containsKey(right) && lefts.get(right).get(left);
    }
  }
}
