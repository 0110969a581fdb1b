package ringattention.attention;

import ringattention.device.Tensor;

/**
 * Attention of one layer: this rank's queries over the whole sequence. Layouts are sequence-major;
 * q, the keys and values, the output and its gradient are of the compute type, everything else of
 * the sum type.
 */
public interface Attention {
  /** Where the caller puts this rank's keys and values, rotated, before {@link #forward}. */
  KeyValue own();

  /**
   * @param q [tokens, batch, heads, headSize]
   * @param out [tokens, batch, heads, headSize], overwritten
   * @param logSumExp [tokens, batch, heads], overwritten
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
}
