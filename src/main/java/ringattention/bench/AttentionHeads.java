package ringattention.bench;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Table;

/**
 * The heads of attention in a section that has no model.
 *
 * @param query heads
 * @param keyValue heads; divides the query heads
 * @param size width of a head, even
 */
public record AttentionHeads(int query, int keyValue, int size) {
  /**
   * Reads the keys {@code heads}, {@code keyValueHeads} and {@code headSize}.
   *
   * @param section of the table
   */
  public static AttentionHeads read(Table table, String section) {
    int heads = table.integer("heads", Range.atLeast(1), Default.of(8));
    int keyValueHeads =
        table.integer("keyValueHeads", Range.atLeast(1), Default.derived(heads, "heads"));
    table.require(
        heads % keyValueHeads == 0,
        "heads",
        "must be a multiple of " + section + ".keyValueHeads (" + keyValueHeads + ")");
    int headSize = table.integer("headSize", Range.atLeast(2), Default.of(64));
    table.require(headSize % 2 == 0, "headSize", "must be even");
    return new AttentionHeads(heads, keyValueHeads, headSize);
  }
}
