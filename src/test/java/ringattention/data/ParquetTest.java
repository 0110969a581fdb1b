package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** Files that pyarrow wrote (parquet.py), beside the same rows as JSON lines. */
class ParquetTest {
  private static final Path FILES = Path.of("src/test/resources/parquet");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir Path folder;

  private static Path parquet(String name) {
    return FILES.resolve(name + ".parquet");
  }

  /** Returns rows as text of JSON, each behind its number. */
  private List<String> rows(Path file, Optional<String> field) throws IOException {
    List<String> rows = new ArrayList<>();
    try (FileChannel to =
            FileChannel.open(
                folder.resolve("tokens"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        OrderedWork work = new OrderedWork(1)) {
      TokenizingProgress progress = new TokenizingProgress(1, System::nanoTime, line -> {});
      CorpusOutput output =
          new CorpusOutput(new TokenFileWriter(to), new RecordCounter(false), work, progress);
      Configuration configuration = Given.configuration(file, "data.format=jsonl");
      new ParquetRows(configuration.source(), output)
          .forEach(
              file,
              field,
              (object, place) ->
                  rows.add(place.substring(file.toString().length()) + " " + object));
    }
    return rows;
  }

  private static List<String> expected(String kind, Optional<String> field) throws IOException {
    List<String> rows = new ArrayList<>();
    for (String line : Files.readAllLines(FILES.resolve(kind + ".jsonl"))) {
      JsonNode row = MAPPER.readTree(line);
      field.ifPresent(name -> ((ObjectNode) row).retain(name));
      rows.add(":" + (rows.size() + 1) + " " + row);
    }
    return rows;
  }

  /**
   * Packed, encoded and cut in different ways; a column of a type that JSON has not is left out.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "texts-snappy",
        "texts-zstd",
        "texts-gzip",
        "texts-lz4",
        "texts-none",
        "texts-delta",
        "texts-large",
        "talks-snappy",
        "talks-old"
      })
  void rowsAreThoseOfTheJsonLines(String name) throws IOException {
    String kind = name.split("-")[0];
    assertEquals(expected(kind, Optional.empty()), rows(parquet(name), Optional.empty()));
  }

  @Test
  void oneColumnIsReadAlone() throws IOException {
    Optional<String> text = Optional.of("text");
    assertEquals(expected("texts", text), rows(parquet("texts-zstd"), text));
  }

  private static String digest(Path file, String... more) {
    try (TokenFile tokens = Given.tokens(file, more)) {
      return tokens.digest() + " " + tokens.counts();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "texts-zstd, texts, jsonl",
    "texts-snappy, texts, jsonl",
    "talks-snappy, talks, conversations",
    "talks-old, talks, conversations"
  })
  void aCorpusHasTheTokensOfItsJsonLines(String name, String kind, String format) {
    String[] keys = {"data.format=" + format, "data.template=" + FILES.resolve("calls.jinja")};
    assertEquals(digest(FILES.resolve(kind + ".jsonl"), keys), digest(parquet(name), keys));
  }

  @Test
  void aFolderMayHoldBoth() throws IOException {
    Files.copy(parquet("texts-gzip"), folder.resolve("a.parquet"));
    Files.copy(FILES.resolve("texts.jsonl"), folder.resolve("b.jsonl"));
    Files.writeString(folder.resolve("README.md"), "About.");
    Configuration configuration =
        Given.configuration(folder, "data.format=jsonl", "data.documents=true");
    try (Samples samples = Given.samples(configuration)) {
      assertEquals(10, samples.documents()); // one of six texts is empty
      assertEquals(12, samples.counts().records());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          texts-snappy | data.format=text | -D data.format = "text": must be "jsonl" or "conversations" for FILE, whose rows are records
          texts-snappy | data.field=body | -D data.field = "body": FILE has no such column of texts, its columns are id, text, score, tags, when
          texts-snappy | data.field=when | -D data.field = "when": FILE has no such column of texts, its columns are id, text, score, tags, when
          texts-snappy | data.field=tags | -D data.field = "tags": FILE:1: must name a text, it is ARRAY
          texts-snappy | data.field=id   | -D data.field = "id": FILE:1: must name a text, it is NUMBER
          texts-brotli | data.field=text | -D data.path = "FILE": FILE cannot be read as Parquet: its pages are packed with BROTLI, must be with SNAPPY, ZSTD, GZIP or LZ4_RAW, or not at all
          talks-old    | data.format=conversations | -D data.path = "FILE": FILE:2: CALL
          """)
  void whatCannotBeReadIsNamed(String name, String override, String message) {
    Path file = parquet(name);
    InputException error =
        assertThrows(
            InputException.class,
            () -> Given.samples(Given.configuration(file, "data.format=jsonl", override)).close());
    String expected = message.replace("FILE", file.toString());
    if (message.endsWith("CALL")) { // Vicuna's words have no calls of functions
      assertTrue(error.getMessage().startsWith(expected.replace("CALL", "")), error.getMessage());
    } else {
      assertEquals(expected, error.getMessage());
    }
  }

  @Test
  void badRowsAreCounted() {
    String counts =
        digest(parquet("talks-snappy"), "data.format=conversations", "data.skipBad=true");
    assertTrue(counts.contains("records=2"), counts);
    assertTrue(counts.contains("talks-snappy.parquet:2"), counts);
  }

  @Test
  void aFileOfAnotherKindIsNone() throws IOException {
    Path file = Files.writeString(folder.resolve("a.parquet"), "{\"text\": \"no Parquet\"}\n");
    InputException error =
        assertThrows(InputException.class, () -> digest(file, "data.format=jsonl"));
    assertTrue(
        error
            .getMessage()
            .startsWith(
                "-D data.path = \"" + file + "\": " + file + " cannot be read as Parquet: "),
        error.getMessage());
    assertEquals(1, error.getMessage().lines().count());
  }

  /** Whatever is broken, it is an error of one line, or does no harm: no other exception. */
  @ParameterizedTest
  @ValueSource(strings = {"texts-snappy", "texts-zstd", "texts-gzip", "texts-none", "talks-old"})
  void brokenFilesAreErrorsOfOneLine(String name) throws IOException {
    byte[] whole = Files.readAllBytes(parquet(name));
    Path file = folder.resolve("broken.parquet");
    Random random = new Random(7);
    int refused = 0;
    for (int trial = 0; trial < 60; trial++) {
      byte[] broken = whole.clone();
      if (trial % 5 == 0) {
        broken = Arrays.copyOf(broken, random.nextInt(broken.length) + 1);
      } else {
        for (int i = 0; i < 1 + trial % 4; i++) {
          broken[random.nextInt(broken.length)] = (byte) random.nextInt();
        }
      }
      Files.write(file, broken);
      try {
        digest(file, "data.format=" + (name.startsWith("talks") ? "conversations" : "jsonl"));
      } catch (InputException error) {
        refused++;
        assertEquals(1, error.getMessage().lines().count(), error.getMessage());
      }
    }
    assertTrue(refused > 20, refused + " refused");
  }
}
