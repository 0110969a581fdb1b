package ringattention.metrics;

/**
 * What attention over a cache costs in one layer of a step, and what it costs that ranks share the
 * cache. They are given, not measured when a run begins: the same requests then take the same
 * number of ranks, and have the same bits, every time.
 *
 * @param callS seconds of a call over an empty cache
 * @param bytesPerS at which a rank reads its part of the cache
 * @param exchangeS seconds that the exchange of two ranks adds to a layer, its merge included
 * @param rankS seconds that every further rank adds
 * @param linkBytesPerS at which outputs of other ranks, and weights that are sharded, arrive
 * @param promptFlops FLOP per second of a rank that reads a prompt
 */
public record DecodeRates(
    double callS,
    double bytesPerS,
    double exchangeS,
    double rankS,
    double linkBytesPerS,
    double promptFlops) {
  /**
   * H200s of one host. The call and its rate fit {@code attention_us} of one and of four rows in
   * {@code validation/gpu/2xH200-inference}, 8192 to 262144 tokens, within 7%. The exchange is what
   * a step of two ranks there takes longer than one of one, with attention's own share taken out,
   * 24 to 40 us: by itself it takes 11 to 17, but a step waits for the slower rank, and merges. A
   * further rank was not measured: a hop of NCCL's ring. The link is that of {@link Rates}. Prompts
   * are read at 560 to 602 TFLOP/s a GPU ({@code prefill.csv}).
   */
  private static final DecodeRates GPU =
      new DecodeRates(13.5e-6, 4.25e12, 27e-6, 3e-6, 368e9, 575e12);

  /** Processes of one host, each with its own cores; orders of magnitude. */
  private static final DecodeRates CPU = new DecodeRates(20e-6, 5e9, 100e-6, 20e-6, 4e9, 5e10);

  /**
   * Returns the rates of this kind of device.
   *
   * @param inHostMemory whether it is no GPU
   */
  public static DecodeRates of(boolean inHostMemory) {
    return inHostMemory ? CPU : GPU;
  }

  /**
   * Returns the seconds of attention in a layer, exchange included.
   *
   * @param ranks that share the cache
   * @param cacheBytes keys and values of the layer that a step reads, of all ranks
   * @param partialBytes of what a rank has seen and tells the others
   */
  public double layerS(int ranks, double cacheBytes, double partialBytes) {
    return attentionS(ranks, cacheBytes) + exchangeS(ranks, partialBytes);
  }

  /** Returns the seconds of attention alone, over a rank's part of the cache. */
  public double attentionS(int ranks, double cacheBytes) {
    return callS + cacheBytes / ranks / bytesPerS;
  }

  /** Returns the seconds of the exchange alone; none of one rank. */
  public double exchangeS(int ranks, double partialBytes) {
    return ranks == 1
        ? 0
        : exchangeS + (ranks - 2) * rankS + (ranks - 1) * partialBytes / linkBytesPerS;
  }

  /** Returns the seconds of reading prompts that need so many FLOPs in all. */
  public double promptS(int ranks, double flops) {
    return flops / ranks / promptFlops;
  }

  /**
   * Returns the seconds of gathering all weights, where each rank holds its part.
   *
   * @param weightBytes of the whole model, in the type it computes with
   */
  public double gatherS(int ranks, double weightBytes) {
    return weightBytes * (ranks - 1) / ranks / linkBytesPerS;
  }
}
