package ringattention.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import ringattention.device.DType;
import ringattention.file.DurableFile;
import ringattention.file.FileEntry;

/**
 * The file of one rank, open for reading: 8 bytes with the length of the header (little-endian),
 * the header (JSON: the pieces, padded with blanks), then the data.
 */
final class ShardFile implements AutoCloseable {
  private static final int ALIGNMENT = 4096; // bytes, of the start of the data

  private record Header(
      int rank, int ranks, DType type, List<ShardPiece> pieces, Map<String, ShardCut> cuts) {}

  private final Path path;
  private final FileChannel channel;
  private final List<ShardPiece> pieces;
  private final Map<String, ShardCut> cuts;
  private final DType type;
  private final long dataStart;

  private ShardFile(Path path, FileChannel channel, Header header, long dataStart) {
    this.path = path;
    this.channel = channel;
    this.pieces = header.pieces();
    this.cuts = header.cuts();
    this.type = header.type();
    this.dataStart = dataStart;
  }

  static String name(int rank) {
    return "rank_" + rank + ".bin";
  }

  /** Writes this rank's states to disk. */
  static FileEntry write(Path path, int rank, int ranks, HostCopy copy) throws IOException {
    ShardLayout layout = copy.layout();
    String json =
        new JsonRecords()
            .line(new Header(rank, ranks, layout.type(), layout.pieces(), layout.cuts()));
    int padding = Math.floorMod(-(Long.BYTES + json.length()), ALIGNMENT); // names are ASCII
    byte[] header = (json + " ".repeat(padding)).getBytes(UTF_8);
    ByteBuffer start =
        ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
    start.putLong(header.length).put(header).flip();
    try (DurableFile file = new DurableFile(path)) {
      file.append(start);
      copy.forEachPart(file::append);
      return file.finish();
    }
  }

  /** Opens a file that has been verified. */
  static ShardFile open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      read(channel, length, 0);
      ByteBuffer header = ByteBuffer.allocate(Math.toIntExact(length.getLong(0)));
      read(channel, header, Long.BYTES);
      String json = new String(header.array(), UTF_8);
      Header read =
          new JsonRecords()
              .read(
                  json,
                  Header.class,
                  old -> {
                    JsonRecords.add(old, "type", DType.F32.name());
                    JsonRecords.add(old, "cuts", Map.of());
                  });
      return new ShardFile(path, channel, read, Long.BYTES + header.capacity());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  Path path() {
    return path;
  }

  /** Adds its pieces to those that can be found. */
  void index(PieceIndex<ShardFile> index) {
    pieces.forEach(piece -> index.add(piece, ShardLayout.cut(piece, cuts), this));
  }

  /** Returns the element type of all pieces. */
  DType type() {
    return type;
  }

  /**
   * Reads elements from an offset in the data on, as many as the buffer takes.
   *
   * @param wanted element type of the buffer
   * @param buffer little-endian, that bytes go through
   */
  void read(long offset, ByteBuffer into, DType wanted, ByteBuffer buffer) throws IOException {
    long at = dataStart + offset;
    while (into.hasRemaining()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), bytes(into, wanted)));
      read(channel, buffer, at);
      at += buffer.limit();
      StateNumbers.copy(buffer.flip(), type, into, wanted);
    }
  }

  /** Returns the bytes of this file that fill a buffer. */
  private long bytes(ByteBuffer into, DType wanted) {
    return (long) into.remaining() / wanted.bytes() * type.bytes();
  }

  private static void read(FileChannel channel, ByteBuffer into, long from) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into, from + into.position()) < 0) {
        throw new IOException("ends too early");
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
