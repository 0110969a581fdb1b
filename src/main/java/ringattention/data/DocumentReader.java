package ringattention.data;

import java.io.IOException;
import java.nio.file.Path;
import ringattention.input.InputException;

/** One format of a corpus. */
interface DocumentReader {
  /**
   * Writes the tokens of every document of a file, each with the tokenizer's begin and end.
   *
   * @param records takes what is counted of the file's records
   * @throws InputException naming file, line and key of what is wrong
   * @throws IOException if the file cannot be read or the tokens cannot be written
   */
  void read(Path file, TokenFileWriter to, RecordCounter records) throws IOException;
}
