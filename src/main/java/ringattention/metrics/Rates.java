package ringattention.metrics;

/**
 * What a device achieves in a training step in bf16. Measured on H200s, see the constants; other
 * hardware is taken to achieve the same shares of its own figures.
 *
 * @param products FLOP/s of matrix products
 * @param attentionForward FLOP/s of very long blocks, visible pairs counted only
 * @param attentionBackward likewise, of 2.5 times the forward's FLOPs
 * @param memory bytes/s of kernels that compute little
 * @param link bytes/s of a long message to the next rank while one arrives
 * @param host bytes/s of a copy to or from the host
 */
public record Rates(
    double products,
    double attentionForward,
    double attentionBackward,
    double memory,
    double link,
    double host) {
  /** Mean of the products of validation/gpu/2xH200/kernels.csv, 725, less 2% within a step. */
  private static final double PRODUCTS = 710e12;

  /**
   * Attention within a step over attention alone: a GPU at its power limit, collectives beside it.
   * Fitted to the attention phases of the runs in training.csv.
   */
  private static final double WITHIN_STEP = 0.94;

  /** kernels.csv: attention_forward of 32K tokens. */
  private static final double ATTENTION_FORWARD = WITHIN_STEP * 630e12;

  /** kernels.csv: attention_forward+backward less attention_forward, of 32K tokens. */
  private static final double ATTENTION_BACKWARD = WITHIN_STEP * 557e12;

  /** kernels.csv: mean of copy, swiGlu, rmsNorm, rotate, adamW. */
  private static final double MEMORY = 3.9e12;

  /** ring_exchange.csv: t = 18 us + bytes / rate over 1 MiB to 256 MiB. */
  private static final double LINK = 368e9;

  private static final double MESSAGE_S = 18e-6;

  /** Not measured: transfers were hidden in every run. PCIe 5 less a fifth for its headers. */
  private static final double HOST_SHARE = 0.8;

  /**
   * Tokens of a block at which attention has half its rate: conversions and sums that grow with
   * tokens, tiles on the diagonal. attention.csv: 2 ranks of 8K to 64K tokens each.
   */
  private static final double HALF_RATE = 1000;

  /**
   * Time between the end of a step's work and the start of the next, whatever is sent: the host
   * learns that a message has come and enqueues. Ring waits of the 7B runs / hops.
   */
  private static final double HOP_S = 1e-4;

  /** Data, labels, loss and norm on the host: data + rest of the time tables. */
  private static final double STEP_S = 0.015;

  /** Returns the rates of a device. */
  public static Rates of(Hardware hardware) {
    double compute = hardware.bf16() / Hardware.H200.bf16();
    double memory = hardware.memoryBandwidth() / Hardware.H200.memoryBandwidth();
    double link = hardware.linkBandwidth() / Hardware.H200.linkBandwidth();
    return new Rates(
        PRODUCTS * compute,
        ATTENTION_FORWARD * compute,
        ATTENTION_BACKWARD * compute,
        MEMORY * memory,
        LINK * link,
        HOST_SHARE * hardware.hostBandwidth());
  }

  /** Seconds of matrix products. */
  public double productsS(double flops) {
    return flops / products;
  }

  /** Seconds of a block pair's forward. */
  public double forwardS(double flops, int queries, int keys) {
    return flops / attentionForward * slowdown(queries, keys);
  }

  /**
   * Seconds of its backward.
   *
   * @param flops of the forward
   */
  public double backwardS(double flops, int queries, int keys) {
    double times = AttentionFlops.FORWARD_AND_BACKWARD - 1;
    return times * flops / attentionBackward * slowdown(queries, keys);
  }

  private static double slowdown(int queries, int keys) {
    return 1 + HALF_RATE / Math.max(1, Math.min(queries, keys));
  }

  /** Seconds of kernels that move so many bytes in all. */
  public double memoryS(double bytes) {
    return bytes / memory;
  }

  /** Seconds of a message to the next rank; none of nothing. */
  public double messageS(double bytes) {
    return bytes > 0 ? MESSAGE_S + bytes / link : 0;
  }

  /** Seconds of bytes that leave a device in a collective, in many messages. */
  public double linkS(double bytes) {
    return bytes / link;
  }

  /** Seconds of copies to or from the host; without end where there is no way there. */
  public double hostS(double bytes) {
    return bytes > 0 ? bytes / host : 0;
  }

  /** Seconds a hop takes beside what it computes and sends. */
  public double hopS() {
    return HOP_S;
  }

  /** Seconds of a step on the host. */
  public double stepS() {
    return STEP_S;
  }
}
