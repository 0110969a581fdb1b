package ringattention.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A file of TensorBoard's: records as TensorFlow frames them (length, masked CRC-32C of the length,
 * data, masked CRC-32C of the data; little-endian), each a message {@code Event} of
 * tensorboard/compat/proto/event.proto. The few fields that scalars need are encoded by hand.
 */
final class EventFile implements AutoCloseable {
  /** What is written reaches the disk so much later at most, as soon as a further event comes. */
  private static final Duration UNFLUSHED = Duration.ofSeconds(5);

  private static final int BUFFER = 1 << 16; // bytes
  private static final int START = 1; // of enum SessionLog.SessionStatus

  // types of a field on the wire
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final Path path;
  private final Clock clock;
  private final OutputStream out;
  private Instant flushed;

  /**
   * Starts a file that is not there yet.
   *
   * @throws OutputException if it cannot be written
   */
  EventFile(Path path, Clock clock) {
    this.path = path;
    this.clock = clock;
    this.flushed = clock.instant();
    try {
      Files.createDirectories(path.getParent());
      out =
          new BufferedOutputStream(
              Files.newOutputStream(path, StandardOpenOption.CREATE_NEW), BUFFER);
    } catch (IOException e) {
      throw RunFolder.cannotWrite(path, e);
    }
    Message version = event(0);
    version.bytes(3, "brain.Event:2".getBytes(UTF_8)); // file_version
    record(version.toByteArray());
    flush();
  }

  /** Says that the run goes on: TensorBoard forgets what earlier files have of this step and on. */
  void start(long step) {
    Message log = new Message();
    log.number(1, START); // status
    Message event = event(step);
    event.bytes(7, log.toByteArray()); // session_log
    record(event.toByteArray());
    flush();
  }

  /** Adds values of a step by their tags, rounded to fp32. */
  void scalars(long step, Map<String, Double> values) {
    Message summary = new Message();
    values.forEach(
        (tag, value) -> {
          Message one = new Message();
          one.bytes(1, tag.getBytes(UTF_8)); // tag
          one.fixed(2, value.floatValue()); // simple_value
          summary.bytes(1, one.toByteArray()); // value
        });
    Message event = event(step);
    event.bytes(5, summary.toByteArray()); // summary
    record(event.toByteArray());
    if (Duration.between(flushed, clock.instant()).compareTo(UNFLUSHED) >= 0) {
      flush();
    }
  }

  private Message event(long step) {
    Message event = new Message();
    event.fixed(1, clock.millis() * 1e-3); // wall_time
    if (step != 0) { // the default is left out
      event.number(2, step); // step
    }
    return event;
  }

  private void record(byte[] data) {
    ByteBuffer frame = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    frame.putLong(data.length);
    frame.putInt(maskedCrc(frame.array(), 0, 8));
    frame.put(data);
    frame.putInt(maskedCrc(data, 0, data.length));
    try {
      out.write(frame.array());
    } catch (IOException e) {
      throw RunFolder.cannotWrite(path, e);
    }
  }

  /** Returns the checksum as TensorFlow masks it: data may have checksums of data in it. */
  static int maskedCrc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  private void flush() {
    flushed = clock.instant();
    try {
      out.flush();
    } catch (IOException e) {
      throw RunFolder.cannotWrite(path, e);
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw RunFolder.cannotWrite(path, e);
    }
  }

  /** A protobuf message that grows by fields. */
  private static final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    byte[] toByteArray() {
      return bytes.toByteArray();
    }

    void number(int field, long value) {
      varint(field << 3 | VARINT);
      varint(value);
    }

    void bytes(int field, byte[] value) {
      varint(field << 3 | BYTES);
      varint(value.length);
      bytes.writeBytes(value);
    }

    void fixed(int field, double value) {
      varint(field << 3 | FIXED64);
      bytes.writeBytes(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(value).array());
    }

    void fixed(int field, float value) {
      varint(field << 3 | FIXED32);
      bytes.writeBytes(
          ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        bytes.write((int) (rest & 0x7f | 0x80));
        rest >>>= 7;
      }
      bytes.write((int) rest);
    }
  }
}
