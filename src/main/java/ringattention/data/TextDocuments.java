package ringattention.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import ringattention.input.Source;

/** A file of UTF-8 text is a document. It may be larger than memory, if it can be cut. */
record TextDocuments(Encoder encoder, Source source) implements DocumentReader {
  @Override
  public void read(Path file, TokenFileWriter to, RecordCounter records) throws IOException {
    to.begin(encoder.tokenizer());
    TextPieces pieces = encoder.pieces(to);
    try (InputStream bytes = Files.newInputStream(file);
        Reader text = new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder())) {
      CharBuffer read = CharBuffer.allocate(encoder.size().usual());
      while (text.read(read) >= 0) {
        pieces.add(read.flip());
        read.clear();
      }
      pieces.finish();
    } catch (CharacterCodingException notUtf8) {
      throw source.error("data.path", file + " must be UTF-8 text for this tokenizer");
    } catch (IllegalArgumentException unknown) {
      throw source.error(
          "data.tokenizer",
          "cannot encode " + file + ":" + pieces.line() + ": " + unknown.getMessage());
    }
    to.end(encoder.tokenizer());
  }
}
