package ringattention.data;

import java.io.IOException;
import java.nio.file.Path;
import ringattention.input.InputException;

/** One format of a corpus. */
interface DocumentReader {
  /**
   * Gives the tokens of every document of a file, each with the tokenizer's begin and end.
   *
   * @throws InputException naming file, line and key of what is wrong
   * @throws IOException if the file cannot be read or the tokens cannot be written
   */
  void read(Path file, CorpusOutput to) throws IOException;
}
