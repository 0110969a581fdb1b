package ringattention.model;

import ringattention.input.Default;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/**
 * Section {@code [attention]}.
 *
 * @param kind ring, or one of the paper's baselines on one rank
 * @param mask which positions see which
 * @param layout which positions a rank of the ring holds; zigzag by default if the mask is causal,
 *     contiguous otherwise
 */
public record AttentionConfig(AttentionKind kind, Mask mask, LayoutKind layout) {
  public static final Section<AttentionConfig> SECTION =
      Section.of("attention", AttentionConfig::read);

  static AttentionConfig read(Table table) {
    AttentionKind kind = table.choice("kind", AttentionKind.class, Default.of(AttentionKind.RING));
    Mask mask = table.choice("mask", Mask.class, Default.of(Mask.CAUSAL));
    LayoutKind balanced = mask == Mask.CAUSAL ? LayoutKind.ZIGZAG : LayoutKind.CONTIGUOUS;
    String text = "\"zigzag\" if causal, else \"contiguous\"";
    return new AttentionConfig(
        kind, mask, table.choice("layout", LayoutKind.class, Default.derived(balanced, text)));
  }
}
