package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import ringattention.input.InputException;
import ringattention.input.Source;

/** The objects of a file of a corpus: of JSON, or the rows of Parquet. */
final class Records {
  /** Takes one object. */
  interface Consumer {
    /**
     * @param place file and line, or row, for errors
     */
    void accept(JsonNode object, String place) throws IOException;
  }

  private static final String PARQUET = ".parquet";

  private Records() {}

  static boolean isParquet(Path file) {
    return file.getFileName().toString().endsWith(PARQUET);
  }

  /**
   * Reads a file.
   *
   * @param field of objects that is looked at; empty: any may be
   * @param to takes what is no object, if that is no error
   * @throws InputException naming file and line of what is malformed
   */
  static void forEach(
      Path file, Optional<String> field, Source source, CorpusOutput to, Consumer consumer)
      throws IOException {
    if (isParquet(file)) {
      new ParquetRows(source, to).forEach(file, field, consumer);
    } else {
      new JsonObjects(source, to).forEach(file, consumer);
    }
  }

  /**
   * Demands what is needed to read a file of this name.
   *
   * @throws InputException if a library is missing, or the format is none of records
   */
  static void require(Path file, DataFormat format, Source source) {
    if (!isParquet(file)) {
      return;
    }
    if (format == DataFormat.TEXT || format == DataFormat.FASTA || format.holdsTokens()) {
      throw source.error(
          "data.format",
          "must be \"jsonl\" or \"conversations\" for " + file + ", whose rows are records");
    }
    if (!isThere("org.apache.parquet.hadoop.ParquetFileReader")
        || !isThere("org.apache.hadoop.conf.Configuration")) {
      throw source.error(
          "data.path",
          file
              + " needs the libraries of Parquet, which are no part of the program: make parquet, in"
              + " a checkout, puts them into build/parquet; a bundle takes them in a folder of the"
              + " same name");
    }
  }

  private static boolean isThere(String name) {
    try {
      Class.forName(name, false, Records.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException missing) {
      return false;
    }
  }
}
