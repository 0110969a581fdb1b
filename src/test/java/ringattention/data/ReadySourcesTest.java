package ringattention.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** Sources that hold tokens already, beside sources of text. */
class ReadySourcesTest {
  private static final String END = "data.source.2.endToken=10"; // a newline, as that of bytes

  @TempDir Path folder;

  /** The same documents as texts, as flat tokens and as Megatron's. */
  @BeforeEach
  void writeSources() throws IOException {
    Files.createDirectory(folder.resolve("long"));
    Files.createDirectory(folder.resolve("short"));
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    int[] lengths = new int[20];
    for (int d = 0; d < lengths.length; d++) {
      String name = String.format("%02d", d);
      Files.writeString(folder.resolve("long").resolve(name), ("L" + name).repeat(200));
      String text = ("s" + name).repeat(20 + d);
      Files.writeString(folder.resolve("short").resolve(name), text);
      all.write((text + "\n").getBytes(UTF_8));
      lengths[d] = text.length() + 1;
    }
    long[] tokens = new String(all.toByteArray(), UTF_8).chars().asLongStream().toArray();
    TokenFiles.flat(folder.resolve("short.bin"), 2, tokens);
    TokenFiles.flat(folder.resolve("stream.bin"), 2, Arrays.copyOf(tokens, tokens.length - 1));
    TokenFiles.flat(folder.resolve("pair.bin"), 2, tokens);
    long[] firsts = new long[lengths.length + 1];
    Arrays.setAll(firsts, i -> i);
    Files.write(folder.resolve("pair.idx"), TokenFiles.index(8, 2, lengths, firsts));
  }

  /** A source of long texts, and a second one. */
  private Configuration beside(String second, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "train.sequence=64",
                "data.source.1.path=" + folder.resolve("long"),
                "data.source.2.path=" + folder.resolve(second)));
    all.addAll(List.of(more));
    return Given.sources(all.toArray(String[]::new));
  }

  private static List<String> samples(Configuration configuration) {
    List<String> all = new ArrayList<>();
    try (Samples samples = Given.samples(configuration)) {
      all.add(samples.documents() + " " + samples.tokens() + " " + samples.epochTokens());
      for (int index = 0; index < 400; index++) { // many epochs of the second
        Sample sample = samples.sample(index);
        all.add(
            Arrays.toString(sample.tokens())
                + Arrays.toString(sample.labels())
                + Arrays.toString(sample.positions())
                + Arrays.toString(sample.documents()));
      }
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "validation.fraction=0.3", "data.documentMultiple=8"})
  void sequencesAreTheSameWhicheverWayASourceIsWritten(String also) {
    String[] more = also.isEmpty() ? new String[0] : new String[] {also};
    String[] texts = with(more, "data.documents=true");
    List<String> asTexts = samples(beside("short", texts));
    assertEquals(
        asTexts, samples(beside("short.bin", with(more, "data.source.2.format=tokens", END))));
    assertEquals(
        asTexts,
        samples(
            beside("short.bin", with(more, "data.source.2.format=tokens", "data.endToken=10"))));
    assertEquals(
        asTexts,
        samples(
            beside(
                "short.bin",
                with(
                    more, "data.format=tokens", "data.endToken=10", "data.source.1.format=text"))));
    assertEquals(asTexts, samples(beside("pair", with(more, "data.source.2.format=megatron"))));
  }

  private static String[] with(String[] some, String... more) {
    List<String> all = new ArrayList<>(List.of(more));
    all.addAll(List.of(some));
    return all.toArray(String[]::new);
  }

  /** Bytes of a stream have a newline between files. */
  @Test
  void streamsAreTheSameToo() {
    Configuration ready = beside("stream.bin", "data.source.2.format=tokens");
    assertFalse(ready.get(DataConfig.SECTION).documents(), "none has documents");
    List<String> asTexts = samples(beside("short"));
    List<String> asTokens = samples(ready);
    assertEquals(asTexts.subList(1, asTexts.size()), asTokens.subList(1, asTokens.size()));
  }

  /** What is kept out is of both, and read once. */
  @Test
  void whatIsKeptOutIsTheSame() {
    String[] more = {"data.documents=true", "validation.fraction=0.3"};
    try (HeldOutSamples texts = Given.heldOut(beside("short", more));
        HeldOutSamples ready =
            Given.heldOut(beside("short.bin", with(more, "data.source.2.format=tokens", END)))) {
      assertEquals(texts.sequences(), ready.sequences());
      assertEquals(texts.labels(), ready.labels());
      for (int index = 0; index < texts.sequences(); index++) {
        assertArrayEquals(texts.sample(index).tokens(), ready.sample(index).tokens());
      }
    }
  }

  /** Another rank of the host opens the text where it was made, and believes the digest. */
  @Test
  void partsOfAHostAreReadOnce() {
    Configuration configuration = beside("short.bin", "data.source.2.format=tokens", END);
    assertTrue(configuration.get(DataConfig.SECTION).documents());
    HostTokens first = HostTokens.own();
    try (Samples made = Samples.of(configuration, Given.shape(configuration), first)) {
      String place = first.place();
      assertTrue(place.matches("1 /proc/\\d+/fd/\\d+ \\w{64};2 \\w{64}"), place);
      HostTokens other = HostTokens.at(place);
      try (Samples opened = Samples.of(configuration, Given.shape(configuration), other)) {
        assertEquals(made.digest(), opened.digest());
        assertEquals("1 ;2 ", other.place(), "it has read for itself");
      }
    }
  }

  @Test
  void aTokenizerIsTakenWhereASourceNeedsOne() {
    String tokens = "data.source.2.format=tokens";
    assertEquals("bytes", beside("short.bin", tokens).get(DataConfig.SECTION).tokenizer());
    assertEquals(
        "none", beside("short.bin", "data.format=tokens").get(DataConfig.SECTION).tokenizer());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          data.source.1.endToken=3 | data.source.1.endToken = 3: must not be given but with format = "tokens"
          data.source.1.idType=uint16 | data.source.1.idType = "uint16": must not be given but with format = "tokens"
          data.source.2.format=jsonl data.endToken=3 | data.endToken = 3: must not be given without a source of format = "tokens"
          data.source.2.format=jsonl data.idType=uint16 | data.idType = "uint16": must not be given without a source of format = "tokens"
          data.documents=true | data.documents = true: must be false, or data.source.2.endToken be given: nothing says where documents of F/short.bin end
          data.source.2.idType=uint32 data.source.2.path=F/odd.bin | data.source.2.path = "F/odd.bin": F/odd.bin has 6 bytes, which are no whole number of uint32 (data.source.2.idType)
          data.source.2.path=F/wide.bin | data.source.2.path = "F/wide.bin": F/wide.bin: token 401 at place 1 (counted from 0, uint16) must be at least 0 and below model.vocabulary (400)
          data.tokenizer=none | data.tokenizer = "none": must not be "none" with sources that do not hold tokens
          data.source.2.path=F/a.parquet | data.source.2.format = "tokens": must be "jsonl" or "conversations" for F/a.parquet, whose rows are records
          """)
  void errorsNameTheSource(String overrides, String message) throws IOException {
    TokenFiles.flat(folder.resolve("odd.bin"), 2, 1, 2, 3);
    TokenFiles.flat(folder.resolve("wide.bin"), 2, 1, 401, 3);
    Files.writeString(folder.resolve("a.parquet"), "PAR1");
    String[] more = overrides.replace("F/", folder + "/").split(" ");
    InputException error =
        assertThrows(
            InputException.class,
            () -> Given.samples(beside("short.bin", with(more, "data.source.2.format=tokens"))));
    assertEquals("-D " + message.replace("F/", folder + "/"), error.getMessage());
  }

  /** It would be text, which sources of tokens leave without a tokenizer. */
  @Test
  void textThatIsKeptOutNeedsATokenizer() {
    String validation = "validation.path=" + folder.resolve("short");
    Configuration configuration =
        beside(
            "short.bin",
            "data.source.1.path=" + folder.resolve("short.bin"),
            "data.source.1.format=tokens",
            "data.source.2.format=tokens",
            validation);
    InputException error =
        assertThrows(InputException.class, () -> Given.heldOut(configuration).close());
    assertTrue(error.getMessage().startsWith("-D validation.path = "), error.getMessage());
    assertTrue(error.getMessage().contains("which is tokenized"), error.getMessage());
  }
}
