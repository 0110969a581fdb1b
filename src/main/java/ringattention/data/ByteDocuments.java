package ringattention.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * A file is a document, and its bytes are its tokens, whatever they mean.
 *
 * @param end token behind every document
 */
record ByteDocuments(int end) implements DocumentReader {
  private static final int PIECE = 1 << 20;

  @Override
  public void read(Path file, CorpusOutput to) throws IOException {
    TokenFileWriter tokens = to.tokens(); // no work is done before it: every step is at once
    try (InputStream bytes = to.open(file)) {
      for (byte[] piece = bytes.readNBytes(PIECE); piece.length > 0; ) {
        tokens.add(ByteTokenizer.tokens(piece));
        piece = bytes.readNBytes(PIECE);
      }
    }
    tokens.add(end, true);
    tokens.endDocument();
  }
}
