package ringattention.huggingface;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringattention.parallel.Parameter;

/**
 * A safetensors file that many ranks write at once. Its layout follows from its tensors, so every
 * rank knows it; one rank makes the file, with header and full length, then each writes its own
 * elements in place.
 */
public final class SafetensorsWriter implements AutoCloseable {
  private final Path file;
  private final StoredType type;
  private final List<Parameter> tensors;
  private final byte[] header; // with the 8 bytes of its length before it
  private final Map<String, Long> places = new HashMap<>(); // first byte of each tensor in the file
  private final long bytes;
  private FileChannel channel; // null until opened

  /**
   * @param type of all tensors
   * @param tensors in the order of the file
   */
  SafetensorsWriter(Path file, StoredType type, List<Parameter> tensors) {
    this.file = file;
    this.type = type;
    this.tensors = List.copyOf(tensors);
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("__metadata__", Map.of("format", "pt")); // transformers refuses files without it
    long end = 0;
    for (Parameter tensor : tensors) {
      long from = end;
      end += tensor.elements() * type.bytes();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", type.name());
      entry.put("shape", tensor.shape());
      entry.put("data_offsets", new long[] {from, end});
      root.put(tensor.name(), entry);
      places.put(tensor.name(), from);
    }
    this.header = header(root);
    places.replaceAll((name, from) -> header.length + from);
    this.bytes = header.length + end;
  }

  private static byte[] header(Map<String, Object> root) {
    try {
      byte[] json = new ObjectMapper().writeValueAsBytes(root);
      int padded = (json.length + 7) / 8 * 8; // spaces, so that the data is aligned
      ByteBuffer all = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
      all.putLong(padded).put(json);
      Arrays.fill(all.array(), all.position(), all.capacity(), (byte) ' ');
      return all.array();
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a JSON value: " + root, e);
    }
  }

  Path path() {
    return file;
  }

  List<Parameter> tensors() {
    return tensors;
  }

  /** Makes the file: header and room for all tensors. One rank does. */
  void create() throws IOException {
    try (FileChannel made =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      write(made, ByteBuffer.wrap(header), 0);
      write(made, ByteBuffer.allocate(1), bytes - 1); // the full length
    }
  }

  /** After it was made. */
  void open() throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.WRITE);
  }

  /** Writes all elements of the buffer, the first of them the index-th of the tensor. */
  void write(Parameter tensor, long index, FloatBuffer values, StoredFloats floats) {
    long place = places.get(tensor.name()) + index * type.bytes();
    try {
      while (values.hasRemaining()) {
        int count = Math.min(StoredFloats.CAPACITY, values.remaining());
        write(channel, floats.encode(type, count, values), place);
        place += (long) count * type.bytes();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": " + e, e);
    }
  }

  private static void write(FileChannel channel, ByteBuffer from, long start) throws IOException {
    long place = start;
    while (from.hasRemaining()) {
      place += channel.write(from, place);
    }
  }

  /** Returns when everything this rank wrote is on the disk. */
  void force() throws IOException {
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
