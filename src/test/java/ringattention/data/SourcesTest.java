package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/**
 * Sequences of several sources, whose bytes say where they come from: document d of a source is its
 * letter, and the digits of d, again and again.
 */
class SourcesTest {
  private static final int SEQUENCE = 64;

  @TempDir Path folder;

  @BeforeEach
  void writeSources() throws IOException {
    write("long", 'L', 12, 4000);
    write("short", 's', 40, 400);
    write("other", 'o', 5, 1000);
  }

  private void write(String name, char letter, int documents, int bytes) throws IOException {
    Files.createDirectory(folder.resolve(name));
    for (int d = 0; d < documents; d++) {
      String word = letter + String.format("%02d", d);
      String text = word.repeat(bytes / word.length() + 1).substring(0, bytes - 1);
      Files.writeString(folder.resolve(name).resolve(word), text); // its end is a token too
    }
  }

  /** Sources by name and weight, such as {@code long 1}; more are overrides. */
  private Configuration configuration(List<String> sources, String... more) {
    List<String> all = new ArrayList<>();
    int number = 0;
    for (String source : sources) {
      String table = "data.source." + ++number + ".";
      all.add(table + "path=" + folder.resolve(source.split(" ")[0]));
      all.add(table + "weight=" + source.split(" ")[1]);
    }
    all.add("train.sequence=" + SEQUENCE);
    all.add("data.documents=true");
    all.addAll(List.of(more));
    return Given.sources(all.toArray(String[]::new));
  }

  private static char letter(Sample sample) {
    return (char)
        Arrays.stream(sample.tokens()).filter(Character::isLetter).findFirst().orElseThrow();
  }

  /** Whatever the lengths of documents are, weights are shares of tokens. */
  @ParameterizedTest
  @CsvSource({"true, 1, 1, 0.5", "true, 3, 1, 0.25", "false, 1, 1, 0.5", "true, 0.2, 0.6, 0.75"})
  void weightsAreSharesOfTokens(boolean documents, String first, String second, double share) {
    Configuration configuration =
        configuration(List.of("long " + first, "short " + second), "data.documents=" + documents);
    try (Samples samples = Given.samples(configuration)) {
      int[] tokens = new int[128];
      for (int index = 0; index < 1000; index++) {
        Sample sample = samples.sample(index);
        for (int token : sample.tokens()) {
          tokens[token < '0' || token > '9' ? token : 0]++;
        }
      }
      assertEquals(share, (double) tokens['s'] / (tokens['s'] + tokens['L']), 0.005);
      assertEquals(0, tokens['o']);
    }
  }

  /** What a source gives is what it gives alone: all of its documents in every epoch. */
  @Test
  void everySourceIsGoneThroughInEpochsOfItsOwn() {
    try (Samples samples = Given.samples(configuration(List.of("long 1", "other 2")))) {
      List<Integer> row = new ArrayList<>(); // the other source's sequences
      for (int index = 0; row.size() < 4 * 5000; index++) {
        Sample sample = samples.sample(index);
        if (letter(sample) == 'o') {
          Arrays.stream(sample.tokens()).forEach(row::add);
        }
      }
      Set<List<Integer>> orders = new TreeSet<>((a, b) -> a.toString().compareTo(b.toString()));
      for (int epoch = 0; epoch < 4; epoch++) {
        List<Integer> order = new ArrayList<>();
        for (int d = 0; d < 5; d++) {
          order.add(row.get(epoch * 5000 + d * 1000 + 2) - '0');
        }
        assertEquals(Set.of(0, 1, 2, 3, 4), Set.copyOf(order), "epoch " + epoch);
        orders.add(order);
      }
      assertTrue(orders.size() > 1, "every epoch has the same order");
    }
  }

  /** Another number of ranks asks in another order, a resumed run in a later epoch first. */
  @Test
  void sequencesDependOnSeedAndIndexOnly() {
    Configuration configuration = configuration(List.of("long 2", "short 1", "other 1"));
    List<String> straight = new ArrayList<>();
    try (Samples samples = Given.samples(configuration)) {
      for (int index = 0; index < 900; index++) { // two epochs and more of each
        straight.add(Arrays.toString(samples.sample(index).tokens()));
      }
    }
    for (int begin : new int[] {899, 640, 313, 312}) { // 312.5 sequences are an epoch of other
      try (Samples samples = Given.samples(configuration)) {
        for (int index = begin; index >= 0 && index > begin - 40; index--) {
          assertEquals(straight.get(index), Arrays.toString(samples.sample(index).tokens()));
        }
      }
    }
    try (Samples samples =
        Given.samples(configuration(List.of("long 2", "short 1", "other 1"), "train.seed=2"))) {
      assertNotEquals(straight.get(0), Arrays.toString(samples.sample(0).tokens()));
    }
  }

  /** A run that names a folder twice does not read it twice in the same order. */
  @Test
  void sourcesOfTheSameFilesHaveOrdersOfTheirOwn() {
    try (Samples samples = Given.samples(configuration(List.of("short 1", "short 1")))) {
      assertNotEquals(
          Arrays.toString(samples.sample(0).tokens()), Arrays.toString(samples.sample(1).tokens()));
    }
  }

  @Test
  void aSourceWithALimitEnds() {
    Configuration configuration =
        configuration(List.of("other 1", "long 1"), "data.source.1.epochs=0.5");
    try (Samples samples = Given.samples(configuration)) {
      int half = 5000 / 2 / SEQUENCE;
      int taken = 0;
      for (int index = 0; index < 400; index++) {
        char letter = letter(samples.sample(index));
        taken += letter == 'o' ? 1 : 0;
        assertTrue(letter == 'L' || index <= 2 * half, "it is still there at " + index);
      }
      assertEquals(half, taken);
      samples.require(Long.MAX_VALUE / 2); // the other goes on
      List<String> table = samples.sources(400);
      assertTrue(table.get(1).endsWith("0.499    0.5  " + folder.resolve("other") + " (ends)"));
      assertTrue(table.get(2).matches("source 2 .* 12 +48000 .* 50.00% +23104 +0.481 +none .*"));
    }
  }

  @Test
  void aRunThatAllSourcesEndBeforeIsRefused() {
    Configuration configuration =
        configuration(
            List.of("other 1", "long 1"), "data.source.1.epochs=1", "data.source.2.epochs=2");
    try (Samples samples = Given.samples(configuration)) {
      long all = 5000 / SEQUENCE + 2 * 48000 / SEQUENCE;
      samples.require(all);
      samples.sample(all - 1);
      for (Runnable asked :
          List.<Runnable>of(() -> samples.require(all + 1), () -> samples.sample(all))) {
        assertEquals(
            "-D data.source.1.epochs = 1.0: the sources end after 1578 sequences, the run takes"
                + " 1579: one needs more epochs, or 0 for no limit",
            assertThrows(InputException.class, asked::run).getMessage());
      }
    }
  }

  /** A checkpoint knows the corpus by this: every change of what is learned is another. */
  @Test
  void theDigestIsOfAllThatIsTaken() {
    Set<String> digests = new TreeSet<>();
    List<Configuration> different =
        List.of(
            configuration(List.of("other 1", "short 1")),
            configuration(List.of("short 1", "other 1")),
            configuration(List.of("other 1", "short 2")),
            configuration(List.of("other 2", "short 1")),
            configuration(List.of("other 1", "short 1"), "data.source.2.epochs=3"),
            configuration(List.of("other 1", "long 1")),
            configuration(List.of("other 1", "short 1", "long 1")),
            configuration(List.of("other 1", "long 0", "short 1")),
            configuration(List.of("other 1")));
    for (Configuration configuration : different) {
      try (Samples samples = Given.samples(configuration)) {
        assertTrue(digests.add(samples.digest()));
      }
      try (Samples again = Given.samples(configuration)) {
        assertTrue(digests.contains(again.digest()));
      }
    }
    try (Samples samples = Given.samples(different.get(7))) {
      assertEquals(Set.of("source 1", "source 3"), samples.digests().keySet());
    }
  }

  /** The part that is kept out is of each source, and what is read of it first is mixed as all. */
  @Test
  void everySourceKeepsOutItsFraction() {
    Configuration configuration =
        configuration(List.of("long 1", "short 9"), "validation.fraction=0.25");
    Set<String> learned = new TreeSet<>();
    Set<String> kept = new TreeSet<>();
    int[] first = new int[128];
    try (Samples samples = Given.samples(configuration);
        HeldOutSamples out = Given.heldOut(configuration)) {
      assertEquals(12 + 40, samples.documents() + out.documents());
      for (int index = 0; index < 2000; index++) {
        names(samples.sample(index), learned);
      }
      for (int index = 0; index < out.sequences(); index++) {
        names(out.sample(index), kept);
        first[letter(out.sample(index))] += index < out.sequences() / 4 ? 1 : 0;
      }
      assertEquals(0, out.sample(out.sequences()).counted());
      long labels = 0;
      for (int index = 0; index < out.sequences(); index++) {
        labels += out.sample(index).counted();
      }
      assertEquals(labels, out.labels());
      double share = 4000.0 * count(kept, "L") / out.tokens();
      assertEquals(share, (double) first['L'] / (first['L'] + first['s']), 0.05);
    }
    assertTrue(count(kept, "L") > 0 && count(kept, "s") > 3 && count(kept, "s") < 20);
    kept.retainAll(learned);
    assertEquals(Set.of(), kept);
  }

  private static long count(Set<String> names, String letter) {
    return names.stream().filter(name -> name.startsWith(letter)).count();
  }

  /** Adds the documents whose name is read in a sequence. */
  private static void names(Sample sample, Set<String> to) {
    int[] tokens = sample.tokens();
    for (int i = 0; i + 2 < tokens.length; i++) {
      if (Character.isLetter(tokens[i]) && tokens[i + 1] != '\n' && tokens[i + 2] != '\n') {
        to.add("" + (char) tokens[i] + (char) tokens[i + 1] + (char) tokens[i + 2]);
      }
    }
  }

  /** A source has the keys of [data] that it does not give. */
  @Test
  void sourcesInheritKeys() throws IOException {
    Path texts = Files.writeString(folder.resolve("a.jsonl"), "{\"words\": \"one\"}\nnone\n");
    Path more = Files.writeString(folder.resolve("b.jsonl"), "{\"body\": \"two\"}\n");
    Configuration configuration =
        Given.sources(
            "data.format=jsonl",
            "data.field=words",
            "data.skipBad=true",
            "train.sequence=4",
            "data.source.1.path=" + texts,
            "data.source.2.path=" + more,
            "data.source.2.field=body",
            "data.source.3.path=" + folder.resolve("other"),
            "data.source.3.format=text");
    assertTrue(configuration.get(DataConfig.SECTION).documents(), "not all are texts");
    try (Samples samples = Given.samples(configuration)) {
      assertArrayEquals(new int[] {'o', 'n', 'e', '\n'}, samples.sample(0).tokens());
      assertArrayEquals(new int[] {'t', 'w', 'o', '\n'}, samples.sample(1).tokens());
      assertEquals('o', letter(samples.sample(2)));
      assertEquals(1, samples.counts().skippedRecords());
      assertEquals(3, samples.counts().records());
      assertEquals(7, samples.documents());
    }
  }

  @Test
  void progressNamesTheSource() {
    List<String> lines = new ArrayList<>();
    HostTokens host = HostTokens.own(lines::add);
    host.part(2).progress().accept("tokenizing: 3.0%");
    host.part(1).progress().accept("tokenized");
    assertEquals(List.of("source 2: tokenizing: 3.0%", "source 1: tokenized"), lines);
  }

  /** Ranks of a host open each source where the first has made it. */
  @Test
  void partsOfAHostAreOpenedByOthers() {
    Configuration configuration = configuration(List.of("other 1", "short 1", "long 0"));
    HostTokens first = HostTokens.own();
    try (Samples made = Samples.of(configuration, Given.shape(configuration), first)) {
      String place = first.place();
      assertTrue(place.matches("1 /proc/\\d+/fd/\\d+ \\w{64};2 /proc/\\d+/fd/\\d+ \\w{64}"), place);
      HostTokens other = HostTokens.at(place);
      try (Samples opened = Samples.of(configuration, Given.shape(configuration), other)) {
        assertEquals(made.digest(), opened.digest());
        assertEquals("1 ;2 ", other.place(), "it has tokenized for itself");
      }
    }
  }

  /** Files that other ranks do not have must not be shared: every source counts. */
  @Test
  void theKeyOfAHostIsOfAllSources() {
    Set<String> keys = new TreeSet<>();
    for (List<String> sources :
        List.of(List.of("other 1", "short 1"), List.of("other 1", "long 1"), List.of("other 1"))) {
      assertTrue(keys.add(HostTokens.key(configuration(sources), false)));
    }
    assertEquals(
        "", HostTokens.key(configuration(List.of("other 1"), "data.documents=false"), true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          data.path=x | -D data.path = "x": must not be given with [[data.source]], whose tables have paths of their own
          data.source.2.path=none | -D data.source.2.path = "none": no such file or folder
          data.source.4.path=x | -D data.source.4.path = "x": there is no data.source.3 before it
          data.source.1.weight=-1 | -D data.source.1.weight = -1: must be a number, 0 to 1000000
          data.source.1.weight=1e-7 | -D data.source.1.weight = 1e-7: must be 0, or 0.000001 to 1000000
          data.source.1.epochs=0.01 | -D data.source.1.epochs = 0.01: is less than one sequence: an epoch has 5000 tokens, train.sequence is 64
          data.source.1.format=lines | -D data.source.1.format = "lines": must be of files: lines are made, not read
          data.source.1.wieght=1 | -D data.source.1.wieght = 1: unknown key, did you mean data.source.1.weight?
          data.source.1.x=1 | -D data.source.1.x = 1: unknown key, [data.source.1] takes path, format, extensions, field, template, skipBad, idType, endToken, weight, epochs
          data.source.N.path=x | -D data.source.N.path = "x": must stand in a table of a list, [[data.source]]
          data.source.path=x | -D data.source.path = "x": must stand in a table of a list, [[data.source]]
          data.source=x | -D data.source = "x": must stand in a table of a list, [[data.source]]
          train.sequence=6000 | -D data.source.1.path = "F/other": has 5000 tokens in 5 documents, must have at least train.sequence (6000)
          validation.fraction=0.001 | -D validation.fraction = 0.001: keeps none of 5 documents of data.source.1.path out of training, must keep some
          """)
  void errorsNameTheSource(String override, String message) {
    InputException error =
        assertThrows(
            InputException.class,
            () -> Given.samples(configuration(List.of("other 1", "short 1"), override)).close());
    assertEquals(message.replace("F/", folder + "/"), error.getMessage());
  }

  @Test
  void oneSourceAtLeastIsRead() {
    InputException error =
        assertThrows(InputException.class, () -> configuration(List.of("other 0", "short 0")));
    assertEquals(
        "-D data.source.1.weight = 0.0: one source at least must have a weight above 0",
        error.getMessage());
  }
}
