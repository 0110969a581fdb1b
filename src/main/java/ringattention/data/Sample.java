package ringattention.data;

import java.util.Arrays;
import java.util.Optional;

/**
 * One sequence to learn from.
 *
 * @param tokens [sequence]
 * @param labels [sequence]: the token after each; -1 counts nothing
 * @param positions [sequence]: for the rotary embedding, rising by one within a document
 * @param documents first index of every document, ascending, beginning with 0; tokens see none but
 *     their own document
 * @param values of trajectories; empty where there are tokens alone
 */
public record Sample(
    int[] tokens, int[] labels, int[] positions, int[] documents, Optional<StepValues> values) {
  /** A label that counts nothing. */
  public static final int NO_LABEL = -1;

  /** Makes a sequence of tokens. */
  public Sample(int[] tokens, int[] labels, int[] positions, int[] documents) {
    this(tokens, labels, positions, documents, Optional.empty());
  }

  /**
   * A part of one text, every token with the next as its label.
   *
   * @param tokens [sequence + 1]
   * @param firstPosition of the first token
   */
  public static Sample consecutive(int[] tokens, int firstPosition) {
    int sequence = tokens.length - 1;
    int[] positions = new int[sequence];
    Arrays.setAll(positions, i -> firstPosition + i);
    return new Sample(
        Arrays.copyOf(tokens, sequence),
        Arrays.copyOfRange(tokens, 1, sequence + 1),
        positions,
        new int[] {0});
  }

  /** Number of labels that count. */
  public int counted() {
    return (int) Arrays.stream(labels).filter(label -> label != NO_LABEL).count();
  }
}
