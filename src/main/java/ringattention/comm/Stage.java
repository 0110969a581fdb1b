package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The host memory through which one rank's staged transfers go, shared by its groups. Grows with
 * the number of transfers in flight at once and is used again.
 */
public final class Stage {
  /** A piece on its way out and one on its way in. */
  record Slot(ByteBuffer send, ByteBuffer receive) {}

  private final DeviceCopies copies;
  private final int pieceBytes;
  private final Queue<Slot> free = new ArrayDeque<>();

  /**
   * @param pieceBytes of one step of a transfer: short enough that copies and messages overlap,
   *     long enough that starting them costs little
   */
  public Stage(DeviceCopies copies, int pieceBytes) {
    this.copies = copies;
    this.pieceBytes = pieceBytes;
  }

  DeviceCopies copies() {
    return copies;
  }

  int pieceBytes() {
    return pieceBytes;
  }

  /** Bytes of each rank in one step of a collective: a multiple of every element's size. */
  int partBytes(int ranks) {
    return Math.max(Double.BYTES, pieceBytes / ranks / Double.BYTES * Double.BYTES);
  }

  Slot take(int ranks) {
    int bytes = Math.max(pieceBytes, Math.multiplyExact(partBytes(ranks), ranks));
    Slot slot = free.poll();
    return slot != null && slot.send.capacity() >= bytes
        ? slot
        : new Slot(copies.pinned(bytes), copies.pinned(bytes));
  }

  void giveBack(Slot slot) {
    free.add(slot);
  }
}
