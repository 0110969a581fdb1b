package ringattention.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** Files that are packed, and those of a folder that are no corpus. */
class CorpusStreamTest {
  @TempDir Path folder;

  /** Texts that packing hardly makes shorter. */
  private static String records(int from, int to) {
    StringBuilder lines = new StringBuilder();
    for (int i = from; i < to; i++) {
      lines.append("{\"text\": \"" + new Random(i).nextLong() + "\"}\n");
    }
    return lines.toString();
  }

  private static byte[] packed(String ending, String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream packing =
        ending.equals("gz") ? new GZIPOutputStream(bytes) : new ZstdOutputStream(bytes)) {
      packing.write(text.getBytes(UTF_8));
    }
    return bytes.toByteArray();
  }

  /** Two archives in one file, the border within a line, as parallel packers write. */
  @ParameterizedTest
  @ValueSource(strings = {"gz", "zst"})
  void packedRecordsAreThoseOfThePlainFile(String ending) throws IOException {
    String text = records(0, 5000);
    Path plain = Files.writeString(folder.resolve("a.jsonl"), text);
    Path packed = folder.resolve("a.jsonl." + ending);
    try (OutputStream two = Files.newOutputStream(packed)) {
      two.write(packed(ending, text.substring(0, 70_001)));
      two.write(packed(ending, text.substring(70_001)));
    }
    try (TokenFile expected = Given.tokens(plain, "data.format=jsonl");
        TokenFile found = Given.tokens(packed, "data.format=jsonl")) {
      assertEquals(5000, found.documents());
      assertEquals(expected.digest(), found.digest());
    }
  }

  /** As pzstd writes them: before, between and behind the frames, one of them empty. */
  @Test
  void skippableFramesArePassedOver() throws IOException {
    String text = records(0, 5000);
    Path plain = Files.writeString(folder.resolve("a.jsonl"), text);
    Path packed = folder.resolve("a.jsonl.zst");
    byte[] twelve = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};
    byte[] empty = {0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};
    try (OutputStream file = Files.newOutputStream(packed)) {
      file.write(twelve);
      file.write(packed("zst", text.substring(0, 70_001)));
      file.write(twelve);
      file.write(empty);
      file.write(packed("zst", text.substring(70_001)));
      file.write(empty);
    }
    try (TokenFile expected = Given.tokens(plain, "data.format=jsonl");
        TokenFile found = Given.tokens(packed, "data.format=jsonl")) {
      assertEquals(expected.digest(), found.digest());
    }
    for (int length : new int[] {6, 10}) { // within the size, and within what is skipped
      Files.write(packed, Arrays.copyOf(twelve, length));
      InputException error =
          assertThrows(InputException.class, () -> Given.tokens(packed, "data.format=jsonl"));
      assertTrue(error.getMessage().contains("its zstd data ends too early"), error.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({"gz, gzip", "zst, zstd"})
  void aCutFileIsAnErrorOfOneLine(String ending, String packing) throws IOException {
    byte[] whole = packed(ending, records(0, 5000));
    Path file = folder.resolve("a.jsonl." + ending);
    for (int length : new int[] {3, whole.length / 2, whole.length - 3}) {
      Files.write(file, Arrays.copyOf(whole, length));
      InputException error =
          assertThrows(InputException.class, () -> Given.tokens(file, "data.format=jsonl"));
      assertEquals(
          "-D data.path = \""
              + file
              + "\": "
              + file
              + " cannot be read: its "
              + packing
              + " data ends too early, the file is not whole",
          error.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gz", "zst"})
  void whatIsNotPackedIsAnErrorOfOneLine(String ending) throws IOException {
    Path file = Files.writeString(folder.resolve("a.jsonl." + ending), records(0, 9));
    InputException error =
        assertThrows(InputException.class, () -> Given.tokens(file, "data.format=jsonl"));
    assertTrue(error.getMessage().contains(file + " cannot be read: "), error.getMessage());
    assertEquals(1, error.getMessage().lines().count());
  }

  /** Bytes of one stream are read where they are, unless they are packed. */
  @Test
  void packedTextOfBytesIsUnpacked() throws IOException {
    Path file = folder.resolve("a.txt.gz");
    Files.write(file, packed("gz", "some words of a text\n"));
    try (Samples samples = Given.samples(Given.configuration(file))) {
      assertEquals(22, samples.tokens()); // and the end of the document
      assertTrue(samples.sample(0).tokens()[0] < 128);
    }
  }

  private void write(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "x");
  }

  @Test
  void aFolderIsReadWithoutWhatIsNoCorpus() throws IOException {
    for (String name :
        List.of(
            "a.jsonl", "b.jsonl.gz", "c.json", ".d.jsonl", ".e/f.jsonl", "README.md", "LICENSE")) {
      write(name);
    }
    Configuration records = Given.configuration(folder, "data.format=jsonl");
    List<String> names =
        new CorpusFiles(records).all().stream().map(file -> file.getFileName().toString()).toList();
    assertEquals(List.of("a.jsonl", "b.jsonl.gz", "c.json"), names);
    assertEquals(
        List.of("4 files of " + folder + " are left out: hidden ones, README and LICENSE"),
        Samples.leftOut(records));
    Configuration chosen =
        Given.configuration(folder, "data.format=jsonl", "data.extensions=[\"jsonl\"]");
    assertEquals(2, new CorpusFiles(chosen).all().size());
    Configuration texts = Given.configuration(folder); // to which a README is a text
    assertEquals(5, new CorpusFiles(texts).all().size());
    assertEquals(
        List.of("2 files of " + folder + " are left out: hidden ones"), Samples.leftOut(texts));
  }

  /** What is beside records is left out and told, but nothing where no name tells them. */
  @Test
  void filesThatAreNotNamedAsRecordsAreLeftOutBesideThoseThatAre() throws IOException {
    write("notes.txt");
    write("data/checksums.sha256");
    Configuration records = Given.configuration(folder, "data.format=conversations");
    assertEquals(2, new CorpusFiles(records).all().size());
    assertEquals(List.of(), Samples.leftOut(records));
    for (String name :
        List.of("data/a.parquet", "data/b.ndjson.zst", "README.md", "dataset_infos.json")) {
      write(name);
    }
    assertEquals(
        List.of("a.parquet", "b.ndjson.zst"),
        new CorpusFiles(records).all().stream().map(file -> "" + file.getFileName()).toList());
    assertEquals(
        List.of(
            "4 files of "
                + folder
                + " are left out: hidden ones, README and LICENSE; 2 not named .jsonl, .json,"
                + " .ndjson, .parquet, such as data/checksums.sha256"),
        Samples.leftOut(records));
    Configuration chosen =
        Given.configuration(folder, "data.format=jsonl", "data.extensions=[\"txt\"]");
    assertEquals(List.of(folder.resolve("notes.txt")), new CorpusFiles(chosen).all());
  }

  /** A folder with a tokenizer.model alone, that file, and a name of the hub. */
  @Test
  void anotherKindOfTokenizerIsAnsweredWithWhatToDo() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "x");
    Path model = Files.writeString(folder.resolve("tokenizer.model"), "x");
    for (Path given : List.of(folder, model)) {
      InputException error =
          assertThrows(
              InputException.class, () -> Given.tokens(text, "data.tokenizer=" + given).close());
      assertEquals(
          "-D data.tokenizer = \""
              + given
              + "\": "
              + model
              + " must be converted to tokenizer.json: python3 -c \"from transformers import"
              + " AutoTokenizer; AutoTokenizer.from_pretrained('"
              + folder
              + "').save_pretrained('"
              + folder
              + "')\"",
          error.getMessage());
    }
    String hub = "meta-llama/Llama-3-8B";
    InputException error =
        assertThrows(
            InputException.class, () -> Given.tokens(text, "data.tokenizer=" + hub).close());
    assertEquals(
        "-D data.tokenizer = \"meta-llama/Llama-3-8B\": no such file or folder; a local folder is"
            + " needed, nothing is downloaded: if this is a model of the hub, huggingface-cli"
            + " download meta-llama/Llama-3-8B --local-dir Llama-3-8B",
        error.getMessage());
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheFirstRecord() throws IOException {
    Path lines = Files.writeString(folder.resolve("a"), "\ufeff" + records(0, 3));
    Path array = Files.writeString(folder.resolve("b"), "\ufeff[{\"text\": \"x\"}]");
    try (TokenFile of = Given.tokens(lines, "data.format=jsonl");
        TokenFile one = Given.tokens(array, "data.format=jsonl")) {
      assertEquals(3, of.documents());
      assertEquals(1, one.documents());
    }
  }
}
