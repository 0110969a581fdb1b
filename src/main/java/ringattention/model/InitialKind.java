package ringattention.model;

import java.util.Locale;
import ringattention.input.Default;
import ringattention.input.Table;

/** How weights start where none are read. {@link #toString} is the spelling in TOML. */
public enum InitialKind {
  /** All matrices with one standard deviation. */
  NORMAL,
  /**
   * Queries match equal keys from the first step, and every matrix has the deviation that its
   * inputs ask for: {@link InitialMatrices}.
   */
  MATCHED;

  /**
   * Reads key {@code init}.
   *
   * @param deviates whether the input gives a standard deviation
   * @param stored whether there are weights to read
   */
  static InitialKind read(Table table, boolean tied, boolean deviates, boolean stored) {
    InitialKind kind = table.choice("init", InitialKind.class, Default.of(NORMAL));
    boolean normal = kind == NORMAL;
    table.require(
        normal || !stored,
        "init",
        "must be \"normal\" with model.checkpoint, which has the weights");
    table.require(
        normal || !tied,
        "init",
        "must be \"normal\" with model.tied: embedding and head would start differently");
    table.require(
        normal || !deviates,
        "initStd",
        "must not be given with model.init = \"matched\", which has deviations of its own");
    return kind;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
