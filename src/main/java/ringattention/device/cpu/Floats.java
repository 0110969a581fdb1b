package ringattention.device.cpu;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A movable window onto floats in native memory, for bulk copies to and from arrays. It goes
 * through a direct buffer because its copies are compiled in line, five times cheaper on short rows
 * than a native call.
 */
final class Floats {
  /** Elements under one buffer, well below the 2 GiB a buffer can address. */
  private static final long REACH = 1L << 28;

  private final Base base = new Base();
  private long address;
  private long elements;
  private FloatBuffer buffer;
  private long start; // first element under the buffer
  private long end;

  /** Moves the window to this many floats at a native address. */
  Floats at(long newAddress, long newElements) {
    if (newAddress != address || newElements != elements) {
      address = newAddress;
      elements = newElements;
      end = 0;
    }
    return this;
  }

  void get(long index, float[] to, int offset, int length) {
    if (length > 0) {
      cover(index, length);
      buffer.get((int) (index - start), to, offset, length);
    }
  }

  void put(long index, float[] from, int offset, int length) {
    if (length > 0) {
      cover(index, length);
      buffer.put((int) (index - start), from, offset, length);
    }
  }

  float get(long index) {
    cover(index, 1);
    return buffer.get((int) (index - start));
  }

  void put(long index, float value) {
    cover(index, 1);
    buffer.put((int) (index - start), value);
  }

  private void cover(long index, int length) {
    if (index >= start && index + length <= end) {
      return;
    }
    if (index < 0 || index + length > elements) {
      throw new IndexOutOfBoundsException(length + " floats at " + index + " of " + elements);
    }
    start = Math.max(0, Math.min(index, elements - REACH));
    end = Math.min(elements, start + Math.max(REACH, length));
    buffer = base.window(address + start * Float.BYTES, end - start);
  }

  private static final class Base extends FloatPointer {
    Base() {
      super((Pointer) null);
    }

    FloatBuffer window(long newAddress, long length) {
      address = newAddress;
      capacity = length;
      limit = length;
      return asBuffer();
    }
  }
}
