package ringattention.device.cuda;

/** Places of several arrays in one workspace, one behind the other, 256-aligned. */
final class ScratchLayout {
  private static final long ALIGNMENT = 256;

  private long bytes;

  /** Offset of a further array. */
  long place(long arrayBytes) {
    long offset = bytes;
    bytes = Math.addExact(bytes, (arrayBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    return offset;
  }

  /** Returns the bytes of all arrays so far. */
  long bytes() {
    return bytes;
  }
}
