package ringattention.run;

import java.util.Locale;

/** What a rank computes on. {@link #toString} is the spelling in TOML. */
public enum DeviceKind {
  /** The best there is. */
  AUTO,
  /** Single precision on the host's cores. */
  CPU,
  /** Double precision, plain loops: the slow truth. */
  REFERENCE,
  /** A GPU. */
  CUDA;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
