package ringattention.infer;

import java.util.List;

/**
 * A model and its cache of keys and values over all ranks of the job. All calls are collective:
 * every rank makes them in the same order with the same arguments, and gets the same bits. It is
 * used by one thread.
 */
public interface Engine extends AutoCloseable {
  /** Returns how many sequences one step takes at most. */
  int rows();

  /** Returns how many tokens the model tells apart. */
  int vocabulary();

  /** Returns the most tokens, prompt and answer together, that one sequence may have. */
  int longest();

  /**
   * Returns whether more fits beside what is held now.
   *
   * @param prefixTokens of one more prefix; 0: none
   * @param sequences that begin behind it, or behind one that is held
   * @param furtherTokens of each of them, behind the prefix
   */
  boolean fits(int prefixTokens, int sequences, int furtherTokens);

  /**
   * Computes keys and values of a prefix and keeps them until it is closed.
   *
   * @param tokens at least one
   */
  Prefix prefill(int[] tokens);

  /**
   * Begins a sequence behind a prefix: it sees the prefix's keys and values, and keeps its own.
   *
   * @param mostTokens that it appends behind the prefix
   */
  Sequence begin(Prefix prefix, int mostTokens);

  /**
   * Appends tokens to one sequence.
   *
   * @param tokens at least one
   * @return the logits behind the last, [vocabulary]
   */
  float[] extend(Sequence sequence, int... tokens);

  /**
   * Appends one token to each sequence.
   *
   * @param sequences at least one, at most {@link #rows}, none twice
   * @param tokens [sequences]
   * @return the logits behind each, [sequences][vocabulary]
   */
  float[][] step(List<Sequence> sequences, int[] tokens);

  /**
   * Returns a sequence to a shorter length: what was appended behind it is forgotten.
   *
   * @param length in tokens, the prefix's included
   */
  void cut(Sequence sequence, int length);

  @Override
  void close();

  /** Keys and values that several sequences begin with. */
  interface Prefix extends AutoCloseable {
    int tokens();

    /** Returns the logits behind its last token, [vocabulary]. */
    float[] logits();

    /** Forgets it; no sequence behind it may be open. */
    @Override
    void close();
  }

  /** One text that grows. */
  interface Sequence extends AutoCloseable {
    Prefix prefix();

    /** Returns its length, the prefix's included. */
    int tokens();

    @Override
    void close();
  }
}
