package ringattention.run;

import java.util.Locale;

/** Type of the weights of a trained model's folder. {@link #toString} is the spelling in TOML. */
public enum ModelExport {
  /** No folder. */
  NONE,
  /** bfloat16, rounded to nearest even. */
  BF16,
  /**
   * IEEE half precision, rounded to nearest even; what is beyond its largest value becomes that.
   */
  FP16,
  /** Single precision: the weights as they were trained. */
  FP32;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
