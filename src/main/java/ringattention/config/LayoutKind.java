package ringattention.config;

/** How positions are spread over the ring. */
public enum LayoutKind {
  CONTIGUOUS,
  ZIGZAG,
  STRIPED
}
