package ringattention.run;

import java.util.Locale;

/** What a GPU's matrix products take. {@link #toString} is the spelling in TOML. */
public enum Precision {
  /** bfloat16 with single precision sums. */
  BF16,
  /** Single precision throughout. */
  FP32;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
