package ringattention.data;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * A file of tokens and its index, as Megatron writes both: {@code NAME.bin} has tokens alone.
 * {@code NAME.idx} has "MMIDIDX", two zero bytes, a version (1, 8 bytes), a code for the type of a
 * token (1 byte), the numbers of sequences and of document indices (8 bytes each); the length in
 * tokens (4 bytes) of every sequence; where each begins in the other file, in bytes (8 bytes); and
 * the first sequence of every document, and the number of all sequences (8 bytes each). A sequence
 * is a sentence or a document; the sequences of a document are one text here.
 *
 * @param file {@code NAME.bin}
 */
record MegatronFile(Path file, Source source) {
  static final String DATA = ".bin";
  static final String INDEX = ".idx";
  private static final byte[] MAGIC = "MMIDIDX\0\0".getBytes(US_ASCII);
  private static final int HEAD = MAGIC.length + Long.BYTES + 1 + 2 * Long.BYTES;

  /** Returns the index that belongs to a file. */
  static Path index(Path file) {
    return with(INDEX, file);
  }

  /** Returns the file of tokens of a pair that is named by either file, or without an ending. */
  static Path data(Path name) {
    return with(DATA, name);
  }

  private static Path with(String ending, Path file) {
    String plain = String.valueOf(file.getFileName());
    for (String other : new String[] {DATA, INDEX}) {
      if (plain.endsWith(other)) {
        plain = plain.substring(0, plain.length() - other.length());
        break;
      }
    }
    return file.resolveSibling(plain + ending);
  }

  /**
   * Reads the index, and returns where tokens are.
   *
   * @param to takes the documents
   * @throws InputException if the index is not one, is not whole, or is that of other tokens
   */
  TokenPart part(DocumentLengths to) {
    Path index = index(file);
    if (!Files.exists(index)) {
      throw source.error("data.path", file + " has no index: " + index + " is not there");
    }
    try (LittleEndianFile head = new LittleEndianFile(index)) {
      if (head.size() < HEAD) {
        throw wrong(index, "is no index of Megatron's: it has " + head.size() + " bytes");
      }
      byte[] magic = new byte[MAGIC.length];
      for (int i = 0; i < magic.length; i++) {
        magic[i] = head.nextByte();
      }
      if (!Arrays.equals(magic, MAGIC)) {
        throw wrong(index, "is no index of Megatron's: it does not begin with MMIDIDX");
      }
      long version = head.nextLong();
      if (version != 1) {
        throw wrong(index, "has version " + version + ", must be 1");
      }
      int code = Byte.toUnsignedInt(head.nextByte());
      TokenWidth width =
          TokenWidth.ofCode(code)
              .orElseThrow(
                  () ->
                      wrong(
                          index,
                          "has tokens of type "
                              + code
                              + ", must be 1 to 5 or 8: uint8, int8, int16, int32, int64, uint16"));
      return part(index, width, head.nextLong(), head.nextLong(), to);
    } catch (IOException unreadable) {
      throw wrong(index, "cannot be read: " + CorpusFiles.reason(unreadable));
    }
  }

  private TokenPart part(
      Path index, TokenWidth width, long sequences, long bounds, DocumentLengths to)
      throws IOException {
    long size = Files.size(index);
    long begins = HEAD + sequences * Integer.BYTES;
    long documents = begins + sequences * Long.BYTES;
    boolean possible = sequences >= 0 && sequences < size && bounds > 0 && bounds < size;
    if (!possible || documents + bounds * Long.BYTES != size) {
      throw wrong(
          index,
          "has "
              + size
              + " bytes, which are not those of "
              + sequences
              + " sequences and "
              + bounds
              + " document indices");
    }
    try (LittleEndianFile lengths = new LittleEndianFile(index, HEAD);
        LittleEndianFile places = new LittleEndianFile(index, begins);
        LittleEndianFile firsts = new LittleEndianFile(index, documents)) {
      long tokens = 0;
      long sequence = 0;
      long document = 0; // where the one that is read begins
      for (long bound = 0; bound < bounds; bound++) {
        long first = firsts.nextLong();
        if (first < sequence || first > sequences || bound == 0 && first != 0) {
          throw wrong(
              index,
              "is wrong at document index "
                  + bound
                  + ": it is "
                  + first
                  + " of "
                  + sequences
                  + " sequences, must begin with 0 and never fall (indices that were joined must be"
                  + " shifted)");
        }
        for (; sequence < first; sequence++) {
          int length = lengths.nextInt();
          long place = places.nextLong();
          if (length < 0 || place != tokens * width.bytes()) {
            throw wrong(
                index,
                "is wrong at sequence "
                    + sequence
                    + ": "
                    + length
                    + " tokens from byte "
                    + place
                    + ", must begin at byte "
                    + tokens * width.bytes()
                    + ", where those before it of "
                    + width
                    + " end");
          }
          tokens += length;
        }
        to.add(tokens - document, index);
        document = tokens;
      }
      if (sequence != sequences) {
        throw wrong(
            index,
            "has " + sequences + " sequences, of which documents have " + sequence + " only");
      }
      long bytes = Files.size(file);
      if (bytes != tokens * width.bytes()) {
        throw source.error(
            "data.path",
            file
                + " has "
                + bytes
                + " bytes, its index "
                + tokens
                + " tokens of "
                + width
                + ", which are "
                + tokens * width.bytes());
      }
      return new TokenPart(file, 0, tokens, width);
    }
  }

  private InputException wrong(Path index, String what) {
    return source.error("data.path", index + " " + what);
  }
}
