package ringattention.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import ringattention.input.Source;

/**
 * Reads what there is to know about a file of tokens and nothing else: nanoGPT's, without a head,
 * or llm.c's, whose head of 256 integers of 4 bytes begins with a number for the kind of token, a
 * version and how many tokens follow. Beside it there may be an index as datatrove writes it: the
 * ends of all documents in tokens, 8 bytes each.
 */
record FlatFile(Path file, FlatConfig config, int vocabulary, Source source) {
  private static final String INDEX = ".index";
  private static final int HEAD = 1024; // bytes
  private static final int LOOKED_AT = 1 << 16; // bytes
  private static final byte[] NUMPY = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  private static final int LEAST = 64; // tokens that tell a width

  /** llm.c's heads. */
  private enum Head {
    GPT_2(20240520, 1, TokenWidth.UINT16),
    LLAMA_3(20240801, 7, TokenWidth.UINT32);

    private final int magic;
    private final int version;
    private final TokenWidth width;

    Head(int magic, int version, TokenWidth width) {
      this.magic = magic;
      this.version = version;
      this.width = width;
    }
  }

  /** Returns the index beside a file, whether it is there or not. */
  static Path index(Path file) {
    return file.resolveSibling(file.getFileName() + INDEX);
  }

  /**
   * Returns where its tokens are.
   *
   * @throws ringattention.input.InputException if its length does not suit its tokens, or it is
   *     something else
   */
  TokenPart part() {
    if (CorpusStream.isPacked(file)) {
      throw source.error("data.path", file + " is packed: tokens are read in place, unpack it");
    }
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      ByteBuffer start = ByteBuffer.allocate((int) Math.min(LOOKED_AT, size));
      while (start.hasRemaining() && channel.read(start, start.position()) >= 0) {}
      start.flip().order(ByteOrder.LITTLE_ENDIAN);
      if (Arrays.equals(NUMPY, Arrays.copyOf(start.array(), NUMPY.length))) {
        throw source.error(
            "data.path", file + " is NumPy's: write its array with tofile(), without a head");
      }
      Optional<Head> head = head(start);
      return head.isPresent() ? headed(head.get(), start, size) : headless(start, size);
    } catch (IOException unreadable) {
      throw source.error("data.path", file + " cannot be read: " + CorpusFiles.reason(unreadable));
    }
  }

  private static Optional<Head> head(ByteBuffer start) {
    return start.limit() < HEAD
        ? Optional.empty()
        : Arrays.stream(Head.values())
            .filter(head -> head.magic == start.getInt(0) && head.version == start.getInt(4))
            .findFirst();
  }

  private TokenPart headed(Head head, ByteBuffer start, long size) {
    long told = Integer.toUnsignedLong(start.getInt(8));
    long bytes = size - HEAD;
    if (told * head.width.bytes() != bytes) {
      throw source.error(
          "data.path",
          file + " has " + bytes + " bytes behind its head, which says " + told + " tokens");
    }
    if (config.idType() != FlatConfig.IdType.AUTO && width() != head.width) {
      throw source.error(
          "data.idType", "must be " + head.width + " as the head of " + file + " says");
    }
    return new TokenPart(file, HEAD, told, head.width);
  }

  private TokenPart headless(ByteBuffer start, long size) {
    TokenWidth width = width();
    if (size % width.bytes() != 0) {
      throw source.error(
          "data.path",
          file
              + " has "
              + size
              + " bytes, which are no whole number of "
              + width
              + " ("
              + source.name("data.idType")
              + ")");
    }
    if (config.idType() == FlatConfig.IdType.AUTO
        && width == TokenWidth.UINT16
        && looksWider(start)) {
      throw source.error(
          "data.idType", "must be given: of " + file + " every other uint16 is 0, as in uint32");
    }
    return new TokenPart(file, 0, size / width.bytes(), width);
  }

  private TokenWidth width() {
    return switch (config.idType()) {
      case UINT16 -> TokenWidth.UINT16;
      case UINT32 -> TokenWidth.UINT32;
      case AUTO -> {
        if (vocabulary == Integer.MAX_VALUE) {
          throw source.error(
              "data.idType", "must be given without model.vocabulary, which it would follow");
        }
        yield vocabulary <= 1 << Short.SIZE ? TokenWidth.UINT16 : TokenWidth.UINT32;
      }
    };
  }

  /** Whether all upper halves of what might be 4 bytes each are 0, and not all lower ones. */
  private static boolean looksWider(ByteBuffer start) {
    int lower = 0;
    int upper = 0;
    for (int at = 0; at + Integer.BYTES <= start.limit(); at += Integer.BYTES) {
      lower |= start.getShort(at);
      upper |= start.getShort(at + Short.BYTES);
    }
    return start.limit() >= LEAST * Integer.BYTES && lower != 0 && upper == 0;
  }

  /** Returns whether the ends of its documents are known without reading it. */
  boolean hasIndex() {
    return Files.exists(index(file));
  }

  /**
   * Adds the documents of the index.
   *
   * @throws ringattention.input.InputException if they are not those of the file
   */
  void documents(TokenPart part, DocumentLengths to) {
    Path index = index(file);
    try (LittleEndianFile ends = new LittleEndianFile(index)) {
      if (ends.size() % Long.BYTES != 0) {
        throw source.error(
            "data.path", index + " has " + ends.size() + " bytes, which are no ends of 8 bytes");
      }
      long before = 0;
      for (long i = 0; i < ends.size() / Long.BYTES; i++) {
        long end = ends.nextLong();
        if (end < before || end > part.tokens()) {
          throw source.error(
              "data.path",
              index
                  + ": document "
                  + i
                  + " (counted from 0) ends at token "
                  + end
                  + ", must be at least "
                  + before
                  + " and at most "
                  + part.tokens()
                  + ", what "
                  + file.getFileName()
                  + " has as "
                  + part.width());
        }
        to.add(end - before, index);
        before = end;
      }
      if (before != part.tokens()) {
        throw source.error(
            "data.path",
            index + " ends at token " + before + ", " + file + " has " + part.tokens());
      }
    } catch (IOException unreadable) {
      throw source.error("data.path", index + " cannot be read: " + CorpusFiles.reason(unreadable));
    }
  }
}
