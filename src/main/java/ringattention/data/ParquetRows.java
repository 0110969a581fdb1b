package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * The rows of a Parquet file as objects of JSON. Memory holds the columns that are read of one row
 * group, packed as they are in the file.
 */
final class ParquetRows {
  private final Source source;
  private final CorpusOutput to;

  /**
   * @param to takes what is read
   */
  ParquetRows(Source source, CorpusOutput to) {
    this.source = source;
    this.to = to;
  }

  /**
   * Reads a file.
   *
   * @param field the column to read; empty: all whose values JSON has
   * @throws InputException if it is no such file, or none of its columns is read
   */
  void forEach(Path file, Optional<String> field, Records.Consumer consumer) throws IOException {
    long bytes = Files.size(file);
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withCodecFactory(new ParquetPages())
            .usePageChecksumVerification(true) // of pages that have one
            .build();
    try (ParquetFileReader reader =
        checked(file, () -> ParquetFileReader.open(new LocalInputFile(file), options))) {
      MessageType columns = columns(file, reader.getFileMetaData().getSchema(), field);
      reader.setRequestedSchema(columns);
      MessageColumnIO io =
          new ColumnIOFactory().getColumnIO(columns, reader.getFileMetaData().getSchema());
      long rows = Math.max(1, reader.getRecordCount());
      long row = 0;
      for (BlockMetaData block : reader.getRowGroups()) {
        requireMemory(file, block, columns);
        PageReadStore pages = checked(file, reader::readNextRowGroup);
        RecordReader<Group> records =
            checked(file, () -> io.getRecordReader(pages, new GroupRecordConverter(columns)));
        for (long i = 0; i < pages.getRowCount(); i++) {
          JsonNode object = checked(file, () -> ParquetJson.object(records.read()));
          consumer.accept(object, file + ":" + ++row);
        }
        to.progress().read((long) ((double) bytes * pages.getRowCount() / rows));
      }
    }
  }

  private MessageType columns(Path file, MessageType all, Optional<String> field) {
    List<Type> read =
        all.getFields().stream()
            .filter(column -> field.isEmpty() || column.getName().equals(field.get()))
            .filter(ParquetJson::isKnown)
            .toList();
    if (read.isEmpty()) {
      String names = all.getFields().stream().map(Type::getName).collect(Collectors.joining(", "));
      throw source.error(
          field.isPresent() ? "data.field" : "data.path",
          file
              + (field.isPresent() ? " has no such column of texts" : " has no column to read")
              + ", its columns are "
              + names);
    }
    return new MessageType(all.getName(), read);
  }

  private void requireMemory(Path file, BlockMetaData block, MessageType columns) {
    long bytes =
        block.getColumns().stream()
            .filter(column -> columns.containsField(column.getPath().toArray()[0]))
            .mapToLong(column -> column.getTotalSize())
            .sum();
    if (bytes > Runtime.getRuntime().maxMemory() / 2) {
      throw source.error(
          "data.path",
          file
              + " has "
              + (bytes >> 20)
              + " MiB in one row group, more than half of the heap: smaller row groups, or -Xmx in"
              + " RINGATTENTION_JAVA_OPTIONS");
    }
  }

  /** Reads with the library, whose many exceptions all mean that a file is not as it should be. */
  private <T> T checked(Path file, Reading<T> reading) {
    try {
      return reading.read();
    } catch (IOException | RuntimeException malformed) {
      throw source.error(
          "data.path",
          file + " cannot be read as Parquet: " + CorpusFiles.reason(deepest(malformed)));
    }
  }

  private static Exception deepest(Exception problem) {
    return problem.getCause() instanceof Exception cause ? deepest(cause) : problem;
  }

  /** Reads something of a file. */
  private interface Reading<T> {
    T read() throws IOException;
  }
}
