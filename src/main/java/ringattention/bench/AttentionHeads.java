package ringattention.bench;

import ringattention.device.HeadCounts;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Table;

/** Reads the heads of attention in a section that has no model. */
public final class AttentionHeads {
  private AttentionHeads() {}

  /**
   * Reads the keys {@code heads}, {@code keyValueHeads} and {@code headSize}.
   *
   * @param section of the table
   */
  public static HeadCounts read(Table table, String section) {
    int heads = table.integer("heads", Range.atLeast(1), Default.of(8));
    int keyValueHeads =
        table.integer("keyValueHeads", Range.atLeast(1), Default.derived(heads, "heads"));
    table.require(
        heads % keyValueHeads == 0,
        "heads",
        "must be a multiple of " + section + ".keyValueHeads (" + keyValueHeads + ")");
    int headSize = table.integer("headSize", Range.atLeast(2), Default.of(64));
    table.require(headSize % 2 == 0, "headSize", "must be even");
    return new HeadCounts(heads, keyValueHeads, headSize);
  }
}
