package ringattention.parallel;

/** What is kept of every parameter from step to step. */
public enum State {
  WEIGHT("weight"),
  /** First moment of AdamW. */
  MOMENTUM("first moment"),
  /** Second moment of AdamW. */
  VARIANCE("second moment");

  private final String title;

  State(String title) {
    this.title = title;
  }

  /** Returns its name in a sentence. */
  public String title() {
    return title;
  }
}
