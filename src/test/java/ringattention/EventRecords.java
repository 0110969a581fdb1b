package ringattention;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Reads TensorBoard's event files, from the descriptions of TFRecord (tensorflow.org, "TFRecords
 * format details"), of protobuf's wire format and of tensorboard's event.proto and summary.proto.
 * Shares no code with the writer, its checksum neither.
 */
public final class EventRecords {
  /** One event; a field that it does not have is null or empty. */
  public record Event(
      double wallTime, long step, String version, Integer session, Map<String, Double> scalars) {}

  private EventRecords() {}

  /** Returns the events of a file, all of whose records must be whole. */
  public static List<Event> read(Path file) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      List<Event> events = new ArrayList<>();
      while (bytes.hasRemaining()) {
        byte[] length = take(bytes, 8);
        assertEquals(masked(length), bytes.getInt(), "checksum of the length");
        byte[] data = take(bytes, (int) little(length).getLong());
        assertEquals(masked(data), bytes.getInt(), "checksum of the data");
        events.add(event(little(data)));
      }
      return events;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the event files of a run's folder, in the order in which TensorBoard reads them. */
  public static List<Path> files(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("tensorboard"))) {
      return files.sorted().toList();
    }
  }

  /**
   * Returns a curve by step, as TensorBoard shows it: SessionLog.START drops earlier events of its
   * step and later ones (event_accumulator.py). A step that is there twice fails.
   */
  public static Map<Long, Double> curve(Path run, String tag) throws IOException {
    TreeMap<Long, Double> curve = new TreeMap<>();
    for (Path file : files(run)) {
      List<Event> events = read(file);
      assertEquals("brain.Event:2", events.get(0).version());
      for (Event event : events) {
        if (Integer.valueOf(1).equals(event.session())) {
          curve.tailMap(event.step()).clear();
        }
        if (event.scalars().containsKey(tag)) {
          assertEquals(null, curve.put(event.step(), event.scalars().get(tag)), "step twice");
        }
      }
    }
    return curve;
  }

  private static byte[] take(ByteBuffer bytes, int count) {
    byte[] taken = new byte[count];
    bytes.get(taken);
    return taken;
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** CRC-32C bit by bit: polynomial 0x1edc6f41, reflected; then rotated and shifted. */
  static int masked(byte[] bytes) {
    int crc = -1;
    for (byte value : bytes) {
      crc ^= value & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = crc >>> 1 ^ ((crc & 1) == 0 ? 0 : 0x82f63b78);
      }
    }
    crc = ~crc;
    return (crc >>> 15 | crc << 17) + 0xa282ead8;
  }

  private static Event event(ByteBuffer bytes) {
    double wallTime = Double.NaN;
    long step = 0;
    String version = null;
    Integer session = null;
    Map<String, Double> scalars = new LinkedHashMap<>();
    while (bytes.hasRemaining()) {
      int key = (int) varint(bytes);
      switch (key) {
        case 1 << 3 | 1 -> wallTime = bytes.getDouble();
        case 2 << 3 -> step = varint(bytes);
        case 3 << 3 | 2 -> version = new String(field(bytes), UTF_8);
        case 5 << 3 | 2 -> summary(little(field(bytes)), scalars);
        case 7 << 3 | 2 -> {
          ByteBuffer log = little(field(bytes));
          assertEquals(1 << 3, (int) varint(log));
          session = (int) varint(log);
        }
        default -> throw new AssertionError("field and type " + key);
      }
    }
    assertTrue(wallTime > 0, "every event has a time");
    return new Event(wallTime, step, version, session, scalars);
  }

  private static void summary(ByteBuffer bytes, Map<String, Double> scalars) {
    while (bytes.hasRemaining()) {
      assertEquals(1 << 3 | 2, (int) varint(bytes));
      ByteBuffer value = little(field(bytes));
      assertEquals(1 << 3 | 2, (int) varint(value));
      String tag = new String(field(value), UTF_8);
      assertEquals(2 << 3 | 5, (int) varint(value));
      assertEquals(null, scalars.put(tag, (double) value.getFloat()), tag + " twice");
      assertEquals(0, value.remaining());
    }
  }

  private static byte[] field(ByteBuffer bytes) {
    return take(bytes, (int) varint(bytes));
  }

  private static long varint(ByteBuffer bytes) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = bytes.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }
}
