package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SafetensorsTest {
  @Test
  void isLengthHeaderAndArrays() {
    Safetensors file = new Safetensors();
    file.floats("a.weight", new double[] {1, -2.5, 0.1}, 3, 1);
    file.integers("tokens", new double[] {7, -1}, 2);
    ByteBuffer bytes = ByteBuffer.wrap(file.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    byte[] header = new byte[(int) bytes.getLong()];
    bytes.get(header);
    assertEquals(
        "{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[0,12]},"
            + "\"tokens\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[12,20]}}",
        new String(header, StandardCharsets.UTF_8).stripTrailing());
    assertEquals(0, bytes.position() % 8, "the arrays are aligned");
    assertEquals(1, bytes.getFloat());
    assertEquals(-2.5f, bytes.getFloat());
    assertEquals(0.1f, bytes.getFloat());
    assertEquals(7, bytes.getInt());
    assertEquals(-1, bytes.getInt());
    assertEquals(0, bytes.remaining());
  }

  @Test
  void refusesAShapeOfAnotherSize() {
    Safetensors file = new Safetensors();
    assertThrows(IllegalArgumentException.class, () -> file.floats("a", new double[] {1, 2}, 2, 2));
  }
}
