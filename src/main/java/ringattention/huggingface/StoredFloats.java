package ringattention.huggingface;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Floats to and from the bytes of a file, a buffer at a time. Conversions run over arrays, which
 * the JIT compiles to tight loops. For one thread.
 */
public final class StoredFloats {
  /** The most elements of one conversion. */
  static final int CAPACITY = 1 << 18;

  /** The first value that would round to infinity: half way behind the largest, 65504. */
  private static final float F16_END = 65520;

  private final ByteBuffer bytes =
      ByteBuffer.allocateDirect(CAPACITY * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final short[] halves = new short[CAPACITY];
  private final float[] floats = new float[CAPACITY];
  private long beyond;
  private float largest;

  /** Room for the bytes of this many elements, from position 0. */
  ByteBuffer bytes(StoredType type, int count) {
    return bytes.clear().limit(count * type.bytes());
  }

  /** Appends what {@link #bytes} was filled with. */
  void decode(StoredType type, int count, FloatBuffer into) {
    bytes.flip();
    if (type == StoredType.F32) {
      into.put(bytes.asFloatBuffer());
      return;
    }
    bytes.asShortBuffer().get(halves, 0, count);
    switch (type) {
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          floats[i] = Float.intBitsToFloat(halves[i] << 16);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          floats[i] = ofF16(halves[i]);
        }
      }
      default -> throw new IllegalArgumentException("weights of type " + type);
    }
    into.put(floats, 0, count);
  }

  /** Returns how many encoded values were finite and beyond what their type can hold. */
  long beyond() {
    return beyond;
  }

  /** Returns the largest magnitude among those; 0 if there were none. */
  float largest() {
    return largest;
  }

  /** The next elements as bytes of a file, F32 or BF16 or F16. */
  ByteBuffer encode(StoredType type, int count, FloatBuffer values) {
    ByteBuffer room = bytes(type, count);
    values.get(floats, 0, count);
    switch (type) {
      case F32 -> room.asFloatBuffer().put(floats, 0, count);
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          halves[i] = toBf16(floats[i]);
        }
        room.asShortBuffer().put(halves, 0, count);
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          float magnitude = Math.abs(floats[i]);
          if (magnitude >= F16_END && magnitude <= Float.MAX_VALUE) {
            beyond++;
            largest = Math.max(largest, magnitude);
          }
          halves[i] = toF16(floats[i]);
        }
        room.asShortBuffer().put(halves, 0, count);
      }
      default -> throw new IllegalArgumentException("weights of type " + type);
    }
    return room;
  }

  /** Rounds to nearest, ties to even; what is not a number stays so. */
  static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fffffff) > 0x7f800000) {
      return (short) (bits >>> 16 | 0x40); // quiet, or its last set bits could be cut off
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  /**
   * Rounds to nearest, ties to even; what is not a number stays so. A finite value beyond the
   * largest, 65504, becomes the largest and not infinity, which would make NaN of all that it
   * meets.
   */
  static short toF16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      return (short) (sign | 0x7e00 | magnitude >>> 13 & 0x3ff);
    }
    float positive = Float.intBitsToFloat(magnitude);
    if (positive >= F16_END) {
      return (short) (sign | (magnitude == 0x7f800000 ? 0x7c00 : 0x7bff));
    }
    if (positive < 0x1p-14f) { // subnormal: multiples of 2^-24, which are the last bits of 0.5
      int half = Float.floatToRawIntBits(0.5f);
      return (short) (sign | Float.floatToRawIntBits(0.5f + positive) - half);
    }
    int rounded = magnitude + 0xfff + (magnitude >>> 13 & 1);
    return (short) (sign | rounded - (127 - 15 << 23) >>> 13);
  }

  /** IEEE binary16: 1 sign, 5 exponent, 10 fraction bits. */
  static float ofF16(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >>> 10 & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) { // subnormal: fraction * 2^-24, exact in single precision
      return Float.intBitsToFloat(sign | Float.floatToRawIntBits(fraction * 0x1p-24f));
    }
    int wide = exponent == 0x1f ? 0xff : exponent + 127 - 15;
    return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
  }
}
