package ringattention.device.cuda;

import ringattention.device.Tensor;

/** Launches embedding.cu and crossentropy.cu. */
final class Vocabulary {
  private static final int SORTED_ROWS = 1 << 15; // at a time: comparisons grow with the square
  private static final int RANK_THREADS = 256; // ROWS of embedding.cu
  private static final int LOSS_PACKS = 8; // of a thread
  private static final int LOSS_THREADS = 1024; // of a block at most, and of a multiprocessor
  private static final int MOST_BLOCKS = 8192; // partial losses

  private final CudaDevice device;
  private final CudaMemory scratch;

  /**
   * @param scratch at least 128 KiB
   */
  Vocabulary(CudaDevice device, CudaMemory scratch) {
    this.device = device;
    this.scratch = scratch;
  }

  void embed(Tensor tokens, Tensor table, Tensor out) {
    long hidden = Require.columns(table);
    if (hidden == 0) {
      return;
    }
    Pack pack = Pack.ofRows(hidden, table, out);
    device
        .kernel("embedding", pack.kernel("embed", table.dtype()))
        .launch(
            tokens.elements(),
            Pack.threads(pack.of(hidden), 2, 256),
            tokens.address(),
            table.address(),
            out.address(),
            Require.rows(table),
            hidden);
  }

  void embedBackward(Tensor tokens, Tensor dOut, Tensor dTable) {
    long hidden = Require.columns(dTable);
    if (hidden == 0) {
      return;
    }
    long vocabulary = Require.rows(dTable);
    Pack pack = Pack.ofRows(hidden, dOut, dTable);
    int threads = Pack.threads(pack.of(hidden), 1, 128);
    int slices = Math.toIntExact(Pack.ceil(pack.of(hidden), threads));
    Kernel rank = device.kernel("embedding", "rank");
    Kernel addRows = device.kernel("embedding", pack.kernel("addRows", dOut.dtype()));
    for (long first = 0; first < tokens.elements(); first += SORTED_ROWS) {
      long rows = Math.min(SORTED_ROWS, tokens.elements() - first);
      long own = tokens.address() + first * Integer.BYTES;
      long gradients = dOut.address() + first * hidden * dOut.dtype().bytes();
      rank.launch(
          Pack.ceil(rows, RANK_THREADS), RANK_THREADS, own, rows, vocabulary, scratch.address());
      addRows.launch(
          rows,
          slices,
          threads,
          0,
          own,
          scratch.address(),
          rows,
          gradients,
          dTable.address(),
          vocabulary,
          hidden);
    }
  }

  void crossEntropy(Tensor logits, Tensor labels, float scale, Tensor lossSum) {
    long vocabulary = Require.columns(logits);
    long rows = labels.elements();
    if (rows == 0) {
      return;
    }
    Pack pack = Pack.ofRows(vocabulary, logits);
    int threads = Pack.threads(pack.of(vocabulary), LOSS_PACKS, LOSS_THREADS);
    long blocks = blocks(rows, threads);
    device
        .kernel("crossentropy", pack.kernel("crossEntropy", logits.dtype()))
        .launch(
            blocks,
            threads,
            logits.address(),
            labels.address(),
            rows,
            vocabulary,
            Kernel.word(scale),
            scratch.address());
    device
        .kernel("crossentropy", "addLoss")
        .launch(1, 256, scratch.address(), blocks, lossSum.address());
  }

  void labelLosses(Tensor logits, Tensor labels, Tensor losses) {
    long vocabulary = Require.columns(logits);
    long rows = labels.elements();
    if (rows == 0) {
      return;
    }
    Pack pack = Pack.ofRows(vocabulary, logits);
    int threads = Pack.threads(pack.of(vocabulary), LOSS_PACKS, LOSS_THREADS);
    device
        .kernel("crossentropy", pack.kernel("labelLosses", logits.dtype()))
        .launch(
            blocks(rows, threads),
            threads,
            logits.address(),
            labels.address(),
            rows,
            vocabulary,
            losses.address());
  }

  /** Returns how many blocks take the rows: those that run at the same time. */
  private long blocks(long rows, int threads) {
    long resident = (long) device.multiprocessors() * (LOSS_THREADS / threads);
    return Math.min(rows, Math.min(resident, MOST_BLOCKS));
  }
}
