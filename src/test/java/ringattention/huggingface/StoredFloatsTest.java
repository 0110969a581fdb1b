package ringattention.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoredFloatsTest {
  private static final int INFINITY = 0x7f80; // bf16

  private static float wide(int bf16) {
    return Float.intBitsToFloat(bf16 << 16);
  }

  /**
   * Every finite value of both signs, what lies half way to the next one, and both sides of that.
   */
  @Test
  void bf16RoundsToNearestEven() {
    for (int sign = 0; sign <= 0x8000; sign += 0x8000) {
      for (int magnitude = 0; magnitude < INFINITY; magnitude++) {
        int value = sign | magnitude;
        int next = value + 1; // the last finite value's is infinity
        int even = value % 2 == 0 ? value : next;
        int half = value << 16 | 0x8000;
        assertBf16(value, wide(value));
        assertBf16(value, Float.intBitsToFloat(half - 1));
        assertBf16(even, Float.intBitsToFloat(half));
        assertBf16(next, Float.intBitsToFloat(half + 1));
      }
      assertBf16(sign | INFINITY, wide(sign | INFINITY));
    }
  }

  private static void assertBf16(int expected, float value) {
    int rounded = StoredFloats.toBf16(value) & 0xffff;
    if (rounded != expected) { // a text for each would take longer than the test
      assertEquals(Integer.toHexString(expected), Integer.toHexString(rounded), "of " + value);
    }
  }

  @Test
  void bf16KeepsWhatIsNotANumber() {
    for (int bits : new int[] {0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff, 0x7fc00000}) {
      float back = wide(StoredFloats.toBf16(Float.intBitsToFloat(bits)));
      assertTrue(Float.isNaN(back), Integer.toHexString(bits));
    }
  }

  /**
   * All 2^16: (-1)^sign * 2^(exponent - 15) * 1.fraction, without the 1 where the exponent is 0.
   */
  @Test
  void f16IsExact() {
    for (int bits = 0; bits <= 0xffff; bits++) {
      int exponent = bits >> 10 & 0x1f;
      int fraction = bits & 0x3ff;
      double sign = bits < 0x8000 ? 1 : -1;
      double expected;
      if (exponent == 0x1f) {
        expected = fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
      } else if (exponent == 0) {
        expected = sign * Math.scalb(fraction, -24);
      } else {
        expected = sign * Math.scalb(1024 + fraction, exponent - 25);
      }
      assertEquals((float) expected, StoredFloats.ofF16((short) bits), Integer.toHexString(bits));
    }
  }

  /**
   * Every finite value of both signs, what lies half way to the next one, and both sides of that;
   * behind the largest lies nothing but infinity itself.
   */
  @Test
  void f16RoundsToNearestEven() {
    int infinity = 0x7c00;
    for (int sign = 0; sign <= 0x8000; sign += 0x8000) {
      for (int magnitude = 0; magnitude < infinity - 1; magnitude++) {
        int value = sign | magnitude;
        int even = value % 2 == 0 ? value : value + 1;
        float here = StoredFloats.ofF16((short) value);
        float half = (here + StoredFloats.ofF16((short) (value + 1))) / 2; // exact
        float up = Math.copySign(Math.nextUp(Math.abs(half)), here);
        float down = Math.copySign(Math.nextDown(Math.abs(half)), here);
        assertF16(value, here);
        assertF16(value, down);
        assertF16(even, half);
        assertF16(value + 1, up);
      }
      float one = sign == 0 ? 1 : -1;
      for (float far : new float[] {65504, 65519.996f, 65520, 1e6f, Float.MAX_VALUE}) {
        assertF16(sign | 0x7bff, one * far);
      }
      assertF16(sign | infinity, one * Float.POSITIVE_INFINITY);
      assertF16(sign, one * Float.MIN_VALUE);
    }
    for (int bits : new int[] {0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff, 0x7fc00000}) {
      short half = StoredFloats.toF16(Float.intBitsToFloat(bits));
      assertTrue(Float.isNaN(StoredFloats.ofF16(half)), Integer.toHexString(bits));
    }
  }

  private static void assertF16(int expected, float value) {
    int rounded = StoredFloats.toF16(value) & 0xffff;
    if (rounded != expected) {
      assertEquals(Integer.toHexString(expected), Integer.toHexString(rounded), "of " + value);
    }
  }

  @Test
  void whatIsBeyondIsCounted() {
    StoredFloats floats = new StoredFloats();
    float[] values = {65519, 65520, -70000, 1, Float.POSITIVE_INFINITY, Float.NaN};
    floats.encode(StoredType.BF16, values.length, FloatBuffer.wrap(values));
    assertEquals(0, floats.beyond());
    floats.encode(StoredType.F16, values.length, FloatBuffer.wrap(values));
    floats.encode(StoredType.F16, 2, FloatBuffer.wrap(values));
    assertEquals(3, floats.beyond());
    assertEquals(70000, floats.largest());
  }

  /** Little-endian, whole buffers, and what follows in the buffer is left alone. */
  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16"})
  void bytesAndBack(StoredType type) {
    float[] values = {1, -2.5f, 0, 0x1p-100f, 3e38f};
    if (type == StoredType.BF16) {
      values[4] = 0x1.fcp127f;
    } else if (type == StoredType.F16) {
      values[3] = 0x1p-20f; // below the normal ones
      values[4] = 65504;
    }
    StoredFloats floats = new StoredFloats();
    ByteBuffer bytes = floats.encode(type, values.length, FloatBuffer.wrap(values));
    assertEquals(values.length * type.bytes(), bytes.remaining());
    int first = type == StoredType.F16 ? 0x3c : 0x3f; // of 1.0, which has the last byte first
    assertEquals(first, bytes.get(type.bytes() - 1));
    bytes.position(bytes.limit());
    FloatBuffer back = FloatBuffer.allocate(values.length + 1);
    floats.decode(type, values.length, back);
    assertEquals(1, back.remaining());
    assertArrayEquals(values, Arrays.copyOf(back.array(), values.length));
  }
}
