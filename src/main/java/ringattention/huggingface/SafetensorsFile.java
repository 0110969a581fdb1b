package ringattention.huggingface;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import ringattention.input.InputException;

/**
 * A safetensors file that is read in slices: 8 bytes with the length of the header (little-endian),
 * the header, the data. The whole header is checked when the file is opened, no weight is read.
 */
public final class SafetensorsFile implements AutoCloseable {
  private static final long LARGEST_HEADER = 100_000_000; // as the format's own library has it

  private final Path file;
  private final FileChannel channel;
  private final SafetensorsHeader header;
  private final long dataFrom; // byte of the file
  private final StoredFloats floats;

  private SafetensorsFile(
      Path file,
      FileChannel channel,
      SafetensorsHeader header,
      long dataFrom,
      StoredFloats floats) {
    this.file = file;
    this.channel = channel;
    this.header = header;
    this.dataFrom = dataFrom;
    this.floats = floats;
  }

  /**
   * @param floats room for conversions
   * @throws InputException naming the file if it is missing, truncated or corrupted
   */
  static SafetensorsFile open(Path file, StoredFloats floats) {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      long size = channel.size();
      if (size < Long.BYTES) {
        throw new InputException(file + ": truncated: " + size + " bytes");
      }
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      fill(channel, length, 0);
      long headerBytes = length.getLong(0);
      long rest = size - Long.BYTES;
      if (headerBytes < 2 || headerBytes > Math.min(LARGEST_HEADER, rest)) {
        throw new InputException(
            file
                + ": corrupted or truncated: a header of "
                + headerBytes
                + " bytes in a file of "
                + size);
      }
      ByteBuffer json = ByteBuffer.allocate((int) headerBytes);
      fill(channel, json, Long.BYTES);
      SafetensorsHeader header = new SafetensorsHeader(json.array(), rest - headerBytes);
      return new SafetensorsFile(file, channel, header, Long.BYTES + headerBytes, floats);
    } catch (SafetensorsHeader.Refused e) {
      close(channel);
      throw new InputException(file + ": " + e.getMessage());
    } catch (InputException e) {
      close(channel);
      throw e;
    } catch (NoSuchFileException e) {
      throw new InputException(file + ": no such file");
    } catch (IOException e) {
      close(channel);
      throw new InputException(file + ": cannot be read: must be a readable file");
    }
  }

  Path path() {
    return file;
  }

  /** By name, in the order of the header. */
  Map<String, SafetensorsHeader.Stored> tensors() {
    return header.tensors();
  }

  /**
   * Fills the buffer with elements of a tensor, converted to single precision.
   *
   * @param index the first element, row-major
   * @return bytes read from the file
   */
  long read(String tensor, long index, FloatBuffer into) {
    SafetensorsHeader.Stored stored = header.tensors().get(tensor);
    StoredType type = stored.type();
    long from = stored.from() + index * type.bytes();
    long bytes = (long) into.remaining() * type.bytes();
    if (index < 0 || from + bytes > stored.to()) {
      throw new IllegalArgumentException(
          into.remaining() + " elements of " + tensor + " from " + index);
    }
    long start = dataFrom + from;
    long place = start;
    while (into.hasRemaining()) {
      int count = Math.min(StoredFloats.CAPACITY, into.remaining());
      try {
        fill(channel, floats.bytes(type, count), place);
      } catch (IOException e) {
        throw new UncheckedIOException(file + ": tensor " + tensor + " cannot be read: " + e, e);
      }
      floats.decode(type, count, into);
      place += (long) count * type.bytes();
    }
    return place - start;
  }

  /**
   * Adds what this file holds: header and size, and all of its data or samples of every tensor.
   *
   * @throws InputException naming the file if it can no longer be read
   */
  void addTo(WeightsDigest digest) {
    try {
      long size = channel.size();
      digest.add(file.getFileName() + " " + size);
      digest.add(channel, 0, dataFrom);
      if (size <= WeightsDigest.WHOLE) {
        digest.add(channel, dataFrom, size);
        return;
      }
      for (SafetensorsHeader.Stored tensor : header.tensors().values()) {
        digest.sample(channel, dataFrom + tensor.from(), dataFrom + tensor.to());
      }
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read: " + e.getMessage());
    }
  }

  /** Whether a tensor here has the shape and the values of one in another file, or in this one. */
  boolean holdsSame(String tensor, SafetensorsFile other, String otherTensor) {
    SafetensorsHeader.Stored own = header.tensors().get(tensor);
    SafetensorsHeader.Stored its = other.header.tensors().get(otherTensor);
    if (!own.shape().equals(its.shape()) || !own.type().isWeight() || !its.type().isWeight()) {
      return false;
    }
    long elements = (own.to() - own.from()) / own.type().bytes();
    for (long index = 0; index < elements; index += StoredFloats.CAPACITY) {
      int count = (int) Math.min(StoredFloats.CAPACITY, elements - index);
      FloatBuffer values = FloatBuffer.allocate(count);
      FloatBuffer otherValues = FloatBuffer.allocate(count);
      read(tensor, index, values);
      other.read(otherTensor, index, otherValues);
      for (int i = 0; i < count; i++) {
        if (values.get(i) != otherValues.get(i)) { // where one is NaN, too
          return false;
        }
      }
    }
    return true;
  }

  private static void fill(FileChannel channel, ByteBuffer buffer, long from) throws IOException {
    long place = from;
    while (buffer.hasRemaining()) {
      int count = channel.read(buffer, place);
      if (count < 0) {
        throw new EOFException("ends at byte " + place);
      }
      place += count;
    }
  }

  private static void close(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // of a file that was only read: does not happen
    }
  }

  @Override
  public void close() {
    close(channel);
  }
}
