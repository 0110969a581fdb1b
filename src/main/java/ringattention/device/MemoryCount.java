package ringattention.device;

/** Bytes that a device has handed out, and the cap on them. For one thread. */
public final class MemoryCount {
  /** No cap but what there is. */
  public static final long UNCAPPED = Long.MAX_VALUE;

  private final long cap;
  private long allocated;
  private long peak;

  /**
   * @param cap most bytes held at once, or {@link #UNCAPPED}
   */
  public MemoryCount(long cap) {
    this.cap = cap;
  }

  /**
   * Before so many bytes are allocated.
   *
   * @throws OutOfMemoryError if they would exceed the cap
   */
  public void require(long bytes) {
    if (bytes > free()) {
      throw new OutOfMemoryError(
          bytes
              + " bytes more than "
              + allocated
              + " exceed the memory cap of "
              + cap
              + " bytes (--memory-cap, or a rank's share of what the host has)");
    }
  }

  /** After so many bytes have been allocated. */
  public void add(long bytes) {
    allocated += bytes;
    peak = Math.max(peak, allocated);
  }

  /** After so many bytes have been freed. */
  public void remove(long bytes) {
    allocated -= bytes;
  }

  /** Bytes below the cap; {@link #UNCAPPED} without one. */
  public long free() {
    return cap == UNCAPPED ? UNCAPPED : cap - allocated;
  }

  public long allocated() {
    return allocated;
  }

  /** The most that was ever allocated at once. */
  public long peak() {
    return peak;
  }
}
