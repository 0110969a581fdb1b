package ringattention.attention;

import ringattention.device.Tensor;
import ringattention.shard.Documents;

/**
 * Attention of one layer: this rank's queries over the whole sequence. Layouts are sequence-major;
 * q, the keys and values, the output and its gradient are of the compute type, everything else of
 * the sum type.
 */
public interface Attention {
  /**
   * Tells what sequences are packed from, before their {@link #forward}; until then each is one
   * document. On every rank of a ring the same.
   *
   * @param sequences those that are attended to in turns, see {@link #sequence}
   * @throws IllegalArgumentException if a batch of sequences, which are attended to together, has
   *     several documents, or one begins behind the end
   */
  void documents(Documents... sequences);

  /**
   * Makes the other methods those of one of the sequences of {@link #documents}; before, they are
   * those of the first.
   */
  void sequence(int index);

  /** Makes the other methods those of a layer of the model, where layers keep keys and values. */
  default void layer(int layer) {}

  /** Where the caller puts this rank's keys and values, rotated, before {@link #forward}. */
  KeyValue own();

  /**
   * @param q [tokens, batch, heads, headSize]
   * @param out [tokens, batch, heads, headSize], overwritten
   * @param logSumExp [tokens, batch, heads], overwritten; of this rank's heads where ranks exchange
   *     them, see {@link ExchangedAttention}
   */
  void forward(Tensor q, Tensor out, Tensor logSumExp);

  /**
   * Needs q, {@link #own}, out and logSumExp as {@link #forward} left them.
   *
   * @param dOut gradient of the output, [tokens, batch, heads, headSize]
   * @return valid until the next call of either method
   */
  Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut);

  /**
   * What {@link #backward} gives.
   *
   * @param query [tokens, batch, heads, headSize]
   * @param own of {@link #own}
   */
  record Gradient(Tensor query, KeyValue own) {}

  /** Checks the argument of {@link #documents}. */
  static void require(Documents[] sequences, int length, KeyValue own) {
    int batch = own.batch();
    for (Documents documents : sequences) {
      if (documents.count() > 1 && batch > 1) {
        throw new IllegalArgumentException(
            documents.count() + " documents, but " + batch + " sequences attended to together");
      }
      if (documents.starts().get(documents.count() - 1) >= length) {
        throw new IllegalArgumentException(
            "a document behind the end of a sequence of " + length + " tokens");
      }
    }
  }
}
