package ringattention.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import ringattention.config.Source;

/**
 * A file is a document. It is tokenized in pieces that end with a line, if there are lines, so that
 * a file may be larger than memory.
 *
 * @param pieceBytes at least 4, which one character may have
 */
record TextDocuments(Tokenizer tokenizer, Source source, int pieceBytes) implements DocumentReader {
  private static final int PIECE = 1 << 20;

  TextDocuments(Tokenizer tokenizer, Source source) {
    this(tokenizer, source, PIECE);
  }

  @Override
  public void read(Path file, TokenFileWriter to) throws IOException {
    try (InputStream text = new BufferedInputStream(Files.newInputStream(file))) {
      if (tokenizer.begin().isPresent()) {
        to.add(tokenizer.begin().getAsInt(), false);
      }
      byte[] rest = new byte[0];
      for (byte[] read = text.readNBytes(pieceBytes); read.length > 0; ) {
        byte[] next = text.readNBytes(pieceBytes);
        byte[] known = joined(rest, read);
        int end = next.length == 0 ? known.length : lastCut(known);
        encode(file, Arrays.copyOf(known, end), to);
        rest = Arrays.copyOfRange(known, end, known.length);
        read = next;
      }
      to.add(tokenizer.end(), true);
      to.endDocument();
    }
  }

  private void encode(Path file, byte[] piece, TokenFileWriter to) throws IOException {
    int[] tokens;
    try {
      tokens = tokenizer.encode(piece);
    } catch (CharacterCodingException notUtf8) {
      throw source.error("data.path", file + " must be UTF-8 text for this tokenizer");
    } catch (IllegalArgumentException unknown) {
      throw source.error("data.tokenizer", "cannot encode " + file + ": " + unknown.getMessage());
    }
    to.add(tokens);
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** After the last line that ends here; if none does, before the last character. */
  private static int lastCut(byte[] text) {
    int end = text.length;
    while (end > 0 && text[end - 1] != '\n') {
      end--;
    }
    if (end > 0) {
      return end;
    }
    end = text.length - 1;
    while (end > 0 && (text[end] & 0xC0) == 0x80) { // inside a character of UTF-8
      end--;
    }
    return end;
  }
}
