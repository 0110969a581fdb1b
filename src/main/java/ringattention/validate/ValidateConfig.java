package ringattention.validate;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [validate]}: the cases of the proof against vanilla attention.
 *
 * @param seed of the random inputs
 * @param lengths sequence lengths, in tokens, compared position by position
 * @param growth sequence lengths compared at a sample of positions: errors must not grow with them
 * @param batch sequences
 * @param heads query heads
 * @param keyValueHeads numbers of key and value heads to try; each divides heads
 * @param headSizes widths of a head to try, each even
 * @param documents numbers of documents to pack into a sequence
 */
public record ValidateConfig(
    long seed,
    List<Integer> lengths,
    List<Integer> growth,
    int batch,
    int heads,
    List<Integer> keyValueHeads,
    List<Integer> headSizes,
    List<Integer> documents) {
  public static final Section<ValidateConfig> SECTION =
      Section.of("validate", ValidateConfig::read).marked(Trait.ASIDE);

  public ValidateConfig {
    lengths = List.copyOf(lengths);
    growth = List.copyOf(growth);
    keyValueHeads = List.copyOf(keyValueHeads);
    headSizes = List.copyOf(headSizes);
    documents = List.copyOf(documents);
  }

  static ValidateConfig read(Table table) {
    long seed = table.longInteger("seed", Range.ANY, Default.of(1L));
    List<Integer> lengths = table.integers("lengths", Range.between(2, 4096), Default.list(64, 97));
    List<Integer> growth =
        table.integers("growth", Range.atLeast(2), Default.list(256, 1024, 4096, 16384));
    int batch = table.integer("batch", Range.atLeast(1), Default.of(2));
    int heads = table.integer("heads", Range.atLeast(1), Default.of(4));
    List<Integer> keyValueHeads =
        table.integers("keyValueHeads", Range.atLeast(1), Default.list(4, 2));
    table.require(
        keyValueHeads.stream().allMatch(count -> heads % count == 0),
        "keyValueHeads",
        "must each divide validate.heads (" + heads + ")");
    List<Integer> headSizes = table.integers("headSizes", Range.atLeast(2), Default.list(16));
    table.require(
        headSizes.stream().allMatch(size -> size % 2 == 0), "headSizes", "must each be even");
    List<Integer> documents = table.integers("documents", Range.atLeast(1), Default.list(1, 5));
    return new ValidateConfig(
        seed, lengths, growth, batch, heads, keyValueHeads, headSizes, documents);
  }
}
