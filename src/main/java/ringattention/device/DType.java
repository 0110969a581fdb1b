package ringattention.device;

/** Element types of tensors. */
public enum DType {
  /** bfloat16: what matrix units eat. */
  BF16(2),
  /** IEEE single precision. */
  F32(4),
  /** IEEE double precision. */
  F64(8),
  /** Signed 32-bit integers: tokens, labels, positions. */
  I32(4);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Unit roundoff times two (the gap after 1): what a scaled residual divides by. */
  public double epsilon() {
    return switch (this) {
      case BF16 -> 0x1p-7;
      case F32 -> 0x1p-23;
      case F64 -> 0x1p-52;
      case I32 -> throw new IllegalArgumentException("integers have no rounding");
    };
  }
}
