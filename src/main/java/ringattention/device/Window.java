package ringattention.device;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** A range of memory owned by somebody else. */
final class Window extends BytePointer {
  Window(long start, int length) {
    super((Pointer) null);
    address = start;
    capacity = length;
    limit = length;
  }
}
