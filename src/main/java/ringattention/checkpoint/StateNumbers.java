package ringattention.checkpoint;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import ringattention.device.DType;

/** Numbers of a state between buffers: of single precision, or of double as the reference has. */
final class StateNumbers {
  private StateNumbers() {}

  /**
   * Copies numbers until one of the buffers is full or empty, each in its own byte order. A device
   * of another type than the checkpoint's gets them rounded, or exact where they are shorter.
   */
  static void copy(ByteBuffer from, DType fromType, ByteBuffer to, DType toType) {
    int count = Math.min(from.remaining() / fromType.bytes(), to.remaining() / toType.bytes());
    ByteBuffer taken = from.duplicate().order(from.order());
    taken.limit(from.position() + count * fromType.bytes());
    if (fromType == DType.F32 && toType == DType.F32) {
      to.asFloatBuffer().put(taken.asFloatBuffer());
    } else if (fromType == DType.F64 && toType == DType.F64) {
      to.asDoubleBuffer().put(taken.asDoubleBuffer());
    } else if (fromType == DType.F32 && toType == DType.F64) {
      widen(taken.asFloatBuffer(), to.asDoubleBuffer());
    } else if (fromType == DType.F64 && toType == DType.F32) {
      round(taken.asDoubleBuffer(), to.asFloatBuffer());
    } else {
      throw new IllegalArgumentException("states of type " + fromType + " as " + toType);
    }
    from.position(from.position() + count * fromType.bytes());
    to.position(to.position() + count * toType.bytes());
  }

  private static void widen(FloatBuffer from, DoubleBuffer to) {
    while (from.hasRemaining()) {
      to.put(from.get());
    }
  }

  private static void round(DoubleBuffer from, FloatBuffer to) {
    while (from.hasRemaining()) {
      to.put((float) from.get());
    }
  }
}
