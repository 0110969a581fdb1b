package ringattention.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import ringattention.input.Source;

/** A file of UTF-8 text is a document. It may be larger than memory, if it can be cut. */
record TextDocuments(Encoder encoder, Source source) implements DocumentReader {
  private static final int READ = 1 << 16; // characters at a time

  @Override
  public void read(Path file, CorpusOutput to) throws IOException {
    to.work().then(() -> to.tokens().begin(encoder.tokenizer()));
    TextPieces pieces = encoder.pieces(to.work(), written(file, to.tokens()));
    try (InputStream bytes = to.open(file);
        Reader text = new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder())) {
      CharBuffer read = CharBuffer.allocate(READ);
      while (text.read(read) >= 0) {
        pieces.add(read.flip());
        read.clear();
      }
      pieces.finish();
    } catch (CharacterCodingException notUtf8) {
      throw source.error("data.path", file + " must be UTF-8 text for this tokenizer");
    } catch (TextPieces.NowhereException uncut) {
      to.work().finish(); // what cannot be encoded before it comes first
      throw unknown(file, pieces.line(), uncut.getMessage());
    }
    to.work().then(() -> to.tokens().end(encoder.tokenizer()));
  }

  private Encoder.Target written(Path file, TokenFileWriter to) {
    return new Encoder.Target() {
      @Override
      public void accept(int[] tokens) throws IOException {
        to.add(tokens);
      }

      @Override
      public void refuse(long line, String reason) {
        throw unknown(file, line, reason);
      }
    };
  }

  private RuntimeException unknown(Path file, long line, String reason) {
    return source.error("data.tokenizer", "cannot encode " + file + ":" + line + ": " + reason);
  }
}
