package ringattention.config;

/** How attention is computed and laid out. */
public record AttentionConfig(AttentionKind kind, MaskKind mask, LayoutKind layout) {
  static AttentionConfig read(Table table) {
    AttentionKind kind = table.choice("kind", AttentionKind.RING);
    MaskKind mask = table.choice("mask", MaskKind.CAUSAL);
    LayoutKind balanced = mask == MaskKind.CAUSAL ? LayoutKind.ZIGZAG : LayoutKind.CONTIGUOUS;
    return new AttentionConfig(kind, mask, table.choice("layout", balanced));
  }
}
