package ringattention.run;

/** What goes wrong on purpose. {@link #toString} is the spelling in TOML. */
public enum FaultKind {
  /** The rank throws. */
  EXCEPTION("exception"),
  /** The rank does nothing any more, and does not end either. */
  STALL("stall"),
  /** The rank's gradients are not numbers. */
  GRADIENT("gradient");

  private final String spelling;

  FaultKind(String spelling) {
    this.spelling = spelling;
  }

  @Override
  public String toString() {
    return spelling;
  }
}
