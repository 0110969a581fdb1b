package ringattention.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** CSV as RFC 4180 has it, lines ended by a line feed; cells are quoted only where they must be. */
public final class Csv {
  private static final CsvMapper MAPPER =
      CsvMapper.builder()
          .enable(CsvGenerator.Feature.STRICT_CHECK_FOR_QUOTING)
          .enable(CsvParser.Feature.FAIL_ON_MISSING_COLUMNS)
          .build();

  private Csv() {}

  /** Returns one line with its end; numbers have all their digits. */
  static String line(List<?> cells) {
    try {
      return MAPPER.writer().writeValueAsString(cells.stream().map(Object::toString).toList());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cells that cannot be written: " + cells, e);
    }
  }

  /**
   * Reads a table back.
   *
   * @param text the names of the columns in its first line
   * @return the cells of each row by name
   * @throws OutputException if it is not such a table
   */
  public static List<Map<String, String>> rows(String text) {
    try (var rows =
        MAPPER
            .readerForMapOf(String.class)
            .with(CsvSchema.emptySchema().withHeader())
            .<Map<String, String>>readValues(text)) {
      return rows.readAll();
    } catch (IOException e) {
      throw new OutputException("not a table in CSV: " + e.getMessage(), e);
    }
  }
}
