package ringattention.run;

/** What gradients travel in between ranks. {@link #toString} is the spelling in TOML. */
public enum GradientWire {
  /** In the type in which each rank sums them: fp32. */
  SUM("fp32"),
  /** Half the bytes; sums over ranks are rounded to bf16. */
  BF16("bf16");

  private final String spelling;

  GradientWire(String spelling) {
    this.spelling = spelling;
  }

  @Override
  public String toString() {
    return spelling;
  }
}
