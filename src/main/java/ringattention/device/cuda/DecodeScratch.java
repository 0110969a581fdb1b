package ringattention.device.cuda;

import ringattention.device.DType;

/**
 * What decode.cu keeps between its two kernels: for every chunk of the cache the statistics, then
 * the outputs, of every row and head.
 *
 * @param chunks of the cache that a key/value head's blocks share
 * @param lanes rows * heads
 */
record DecodeScratch(int chunks, long lanes, int headSize) {
  /** Blocks of a launch at most: more than are resident on any GPU so far. */
  private static final int MOST_BLOCKS = 320;

  private static final int RESIDENT = 2; // blocks of a multiprocessor
  private static final int STATISTICS = 2; // floats

  /** Returns the layout of a GPU's calls. */
  static DecodeScratch of(
      int multiprocessors, int rows, int heads, int keyValueHeads, int headSize) {
    int blocks = Math.min(MOST_BLOCKS, RESIDENT * multiprocessors);
    int chunks = Math.max(1, blocks / keyValueHeads);
    return new DecodeScratch(chunks, (long) rows * heads, headSize);
  }

  /** Returns the layout that is as large as any GPU's. */
  static DecodeScratch planned(int rows, int heads, int keyValueHeads, int headSize) {
    return of(MOST_BLOCKS, rows, heads, keyValueHeads, headSize);
  }

  long bytes() {
    return chunks * lanes * (headSize + STATISTICS) * DType.F32.bytes();
  }

  /** Bytes in front of the outputs. */
  long outs() {
    return chunks * lanes * STATISTICS * DType.F32.bytes();
  }
}
