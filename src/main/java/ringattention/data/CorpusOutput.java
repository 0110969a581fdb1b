package ringattention.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * Takes the documents of a corpus in their order: their tokens, what is counted of their records,
 * and the work that has to be done before. Only steps of {@link #work} write tokens or count.
 *
 * @param tokens of all documents
 * @param records of all files
 * @param work that comes before a document is written
 * @param progress takes what is read
 */
record CorpusOutput(
    TokenFileWriter tokens, RecordCounter records, OrderedWork work, TokenizingProgress progress) {
  /**
   * Opens a file for reading.
   *
   * @throws IOException see {@link CorpusStream#open}
   */
  InputStream open(Path file) throws IOException {
    return CorpusStream.open(file, progress::read);
  }

  /** Counts a record that cannot be used, see {@link RecordCounter#bad}, when its turn comes. */
  void bad(String place, String reason, InputException error) throws IOException {
    work.then(() -> records.bad(place, reason, error));
  }

  /**
   * Reads a file, and demands a document of it when its turn comes.
   *
   * @throws InputException if there is none, or what is read is malformed: the first of the corpus
   * @throws IOException if tokens cannot be written
   */
  void read(Path file, DocumentReader reader, Source source) throws IOException {
    Before before = new Before(tokens, records);
    work.then(before::note);
    try {
      reader.read(file, this);
    } catch (TokenFileWriter.UnwritableException unwritable) {
      throw unwritable;
    } catch (InputException malformed) {
      work.finish(); // what is wrong before it comes first
      throw malformed;
    } catch (IOException unreadable) {
      work.finish();
      throw source.error("data.path", file + " cannot be read: " + CorpusFiles.reason(unreadable));
    }
    work.then(() -> before.requireDocument(file, source));
  }

  /** What there was before a file. */
  private static final class Before {
    private final TokenFileWriter tokens;
    private final RecordCounter records;
    private int documents;
    private long skipped;

    Before(TokenFileWriter tokens, RecordCounter records) {
      this.tokens = tokens;
      this.records = records;
    }

    void note() {
      documents = tokens.documents();
      skipped = records.skipped();
    }

    void requireDocument(Path file, Source source) {
      if (tokens.documents() == documents) {
        long bad = records.skipped() - skipped;
        String reason = bad == 0 ? "" : ": " + bad + " bad records, the last at " + records.last();
        throw source.error("data.path", file + " holds no document" + reason);
      }
    }
  }
}
