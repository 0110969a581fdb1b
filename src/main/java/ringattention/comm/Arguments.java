package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** What every communicator refuses before anything is sent, so that both kinds refuse the same. */
final class Arguments {
  private Arguments() {}

  /**
   * The pieces from their positions to their limits: MPI starts at a buffer's address and ignores
   * its position.
   */
  static List<ByteBuffer> slices(List<ByteBuffer> pieces) {
    return pieces.stream().map(Arguments::slice).toList();
  }

  static ByteBuffer slice(ByteBuffer buffer) {
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException("a communicator takes direct buffers only, not " + buffer);
    }
    return buffer.slice();
  }

  static void requireRank(String role, int rank, int size) {
    if (rank < 0 || rank >= size) {
      throw new IllegalArgumentException(role + " rank " + rank + " is not in [0, " + size + ")");
    }
  }

  static void requireColor(int color) {
    if (color < 0) {
      throw new IllegalArgumentException("a color is 0 or more, not " + color);
    }
  }

  /** The whole is one part of each rank. */
  static void requireParts(String operation, ByteBuffer part, ByteBuffer whole, int ranks) {
    if (whole.remaining() != (long) part.remaining() * ranks) {
      throw new IllegalArgumentException(
          operation
              + ": "
              + ranks
              + " parts of "
              + part.remaining()
              + " bytes are not "
              + whole.remaining()
              + " bytes");
    }
  }

  /** Each rank's part of a whole in which they lie together. */
  static List<ByteBuffer> parts(ByteBuffer whole, int ranks) {
    ByteBuffer slice = slice(whole);
    int bytes = slice.remaining() / ranks;
    return IntStream.range(0, ranks).mapToObj(rank -> slice.slice(rank * bytes, bytes)).toList();
  }

  /** There is a buffer for each rank, of the size of the part. */
  static void requireParts(String operation, ByteBuffer part, List<ByteBuffer> parts, int ranks) {
    List<Integer> sizes = parts.stream().map(ByteBuffer::remaining).toList();
    if (!sizes.equals(Collections.nCopies(ranks, part.remaining()))) {
      throw new IllegalArgumentException(
          operation
              + ": parts of "
              + sizes
              + " bytes are not one of "
              + part.remaining()
              + " bytes for each of "
              + ranks
              + " ranks");
    }
  }

  static void requireElements(Communicator.Element element, ByteBuffer part) {
    if (part.remaining() % element.bytes() != 0) {
      throw new IllegalArgumentException(
          part.remaining() + " bytes are no whole number of " + element);
    }
  }

  static void requireRoot(int rank, byte[] bytes) {
    if (rank == 0 && bytes == null) {
      throw new IllegalArgumentException("rank 0 has nothing to broadcast");
    }
  }
}
