package ringattention.model;

import ringattention.device.Kernels;
import ringattention.device.Tensor;

/**
 * The turns in which sequences go through attention.
 *
 * @param turns one, or one for each sequence
 * @param copy scratch for rows of a turn; null where there is one
 */
record Turns(Kernels kernels, int turns, Tensor copy) {
  /**
   * Returns the rows of a turn's sequences, a copy where there are several turns.
   *
   * @param x [tokens of a block, batch, hidden]
   */
  Tensor rows(Tensor x, int turn) {
    if (turns == 1) {
      return x.rows();
    }
    Tensor one = copy.prefix(x.dim(0), 1, 1, x.dim(2));
    kernels.copyHeads(x.view(x.dim(0), 1, x.dim(1), x.dim(2)), turn, one, 0, 1);
    return one.rows();
  }
}
