package ringattention.metrics;

/** What a {@link Span} belongs to; within one track spans nest or follow each other. */
public enum Track {
  /** Phases of the host: what it computed, enqueued or waited for. */
  HOST("host: phases"),
  /** What the device computed, by its own clock. */
  DEVICE("device: work"),
  /** Keys and values on their way to the next rank. */
  KEY_VALUES("ring: keys and values"),
  /** Their gradients on their way. */
  GRADIENTS("ring: gradients"),
  /** Queries, keys, values and outputs on their way between ranks that exchange heads. */
  HEADS("heads: all-to-all"),
  /** Weights of a group on their way from all ranks. */
  PARAMETERS("parameter gather");

  private final String title;

  Track(String title) {
    this.title = title;
  }

  /** Name in the trace. */
  public String title() {
    return title;
  }
}
