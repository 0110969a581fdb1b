package ringattention.metrics;

/** What a rank spends its time on, in the order of the time table. */
public enum Phase {
  /** Reading and sharding the batch. */
  DATA("data"),
  /** Waiting for the parameters of a block from the other ranks. */
  GATHER("parameter gather"),
  EMBEDDING("embedding"),
  /** Query, key, value and output products, their norms and the rotation. */
  PROJECTIONS("projections"),
  ATTENTION("attention"),
  /** The part of the ring exchange that computation did not cover. */
  RING_WAIT("ring wait (not hidden)"),
  /** Copies into and out of messages, and waiting for them, where ranks exchange heads. */
  HEADS_EXCHANGE("heads exchange"),
  /** Waiting for tokens and sums of the other ranks, where ranks share products. */
  TENSOR_EXCHANGE("tensor exchange"),
  FEED_FORWARD("feed-forward"),
  /** Waiting for saved activations on their way to the host or back. */
  OFFLOAD("activation transfer"),
  LOSS_HEAD("loss head"),
  /** Waiting for the sum of the gradients over the ranks. */
  REDUCE("gradient reduce"),
  OPTIMIZER("optimizer"),
  /** Copying the states to the host; they are written in the background. */
  CHECKPOINT("checkpoint");

  private final String title;

  Phase(String title) {
    this.title = title;
  }

  /** Name in the time table. */
  public String title() {
    return title;
  }
}
