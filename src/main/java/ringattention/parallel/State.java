package ringattention.parallel;

/** What is kept of every parameter from step to step. */
public enum State {
  WEIGHT,
  /** First moment of AdamW. */
  MOMENTUM,
  /** Second moment of AdamW. */
  VARIANCE
}
