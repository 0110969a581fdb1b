package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.command.Sections;
import ringattention.input.InputException;

/** The corpus is the bytes 0 to 99, so a sequence begins with its position. */
class StreamSamplesTest {
  private static final int CORPUS = 100;

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void writeCorpus() throws IOException {
    byte[] bytes = new byte[CORPUS];
    for (int i = 0; i < CORPUS; i++) {
      bytes[i] = (byte) i;
    }
    file = Files.write(folder.resolve("text"), bytes);
  }

  private Samples samples(int sequence, long seed, String... more) {
    List<String> overrides = new ArrayList<>(List.of("data.path=" + file));
    overrides.addAll(List.of(more));
    overrides.addAll(
        List.of(
            "model.vocabulary=256",
            "model.hidden=8",
            "model.layers=1",
            "model.heads=1",
            "train.steps=1",
            "train.sequence=" + sequence,
            "train.seed=" + seed));
    return Given.samples(Sections.INPUTS.defaults(overrides));
  }

  @Test
  void consecutiveTokensAndTheNextOfEachAsItsLabel() {
    Sample sample = samples(8, 1, "data.firstPosition=500").sample(5);
    int first = sample.tokens()[0];
    assertArrayEquals(IntStream.range(first, first + 8).toArray(), sample.tokens());
    assertArrayEquals(IntStream.range(first + 1, first + 9).toArray(), sample.labels());
    assertArrayEquals(IntStream.range(500, 508).toArray(), sample.positions());
    assertArrayEquals(new int[] {0}, sample.documents());
    assertEquals(8, samples(8, 1).labels(5));
  }

  /** The bytes by way of a token file are those of the files. */
  @Test
  void aStreamOfDocumentsIsTheStreamOfFiles() throws IOException {
    Files.writeString(folder.resolve("lines"), "{\"text\":\"red\"}\n{\"text\":\"blue\"}\n");
    Files.writeString(folder.resolve("whole"), "red\nblue\n");
    Samples text = samples(4, 1, "data.path=" + folder.resolve("whole"));
    Samples lines =
        samples(
            4,
            1,
            "data.path=" + folder.resolve("lines"),
            "data.format=jsonl",
            "data.documents=false");
    assertEquals(9, lines.tokens());
    assertEquals(2, lines.documents());
    for (int i = 0; i < 20; i++) {
      assertArrayEquals(text.sample(i).tokens(), lines.sample(i).tokens());
      assertArrayEquals(text.sample(i).labels(), lines.sample(i).labels());
      assertEquals(4, lines.labels(i));
    }
  }

  /** Token 0 is learned like any other. */
  @Test
  void zeroIsALabel() throws IOException {
    Path zeros = Files.write(folder.resolve("zeros"), new byte[20]);
    Samples samples = samples(8, 1, "data.path=" + zeros);
    assertArrayEquals(new int[8], samples.sample(0).labels());
    assertEquals(8, samples.sample(0).counted());
  }

  /** Questions are read and not learned, also where documents are one stream. */
  @Test
  void whatIsNotToBeLearnedIsNoLabel() throws IOException {
    Path asked =
        Files.writeString(
            folder.resolve("asked"),
            "{\"talk\": [{\"from\": \"human\", \"value\": \"Q\"}, {\"from\": \"gpt\", \"value\": \"A\"}]}");
    Samples samples =
        samples(
            8,
            1,
            "data.path=" + asked,
            "data.format=conversations",
            "data.field=talk",
            "data.documents=false");
    int learned = 0;
    for (int index = 0; index < 200; index++) {
      int[] labels = samples.sample(index).labels();
      assertTrue(
          Arrays.stream(labels)
              .allMatch(label -> label == -1 || label == ' ' || label == 'A' || label == '\n'));
      int counted = (int) Arrays.stream(labels).filter(label -> label >= 0).count();
      assertEquals(counted, samples.labels(index));
      learned += counted;
    }
    assertTrue(learned > 0);
  }

  /**
   * The 92 places are equally likely: 9200 draws give each 100 +- 10, so none is outside 40 to 160.
   */
  @Test
  void everyPlaceIsDrawn() {
    int[] draws = new int[CORPUS - 8];
    Samples samples = samples(8, 1);
    for (long index = 0; index < 100L * draws.length; index++) {
      draws[samples.sample(index).tokens()[0]]++;
    }
    assertTrue(Arrays.stream(draws).allMatch(count -> count > 40 && count < 160));
  }

  /** Checkpoints rely on these: a change of the hash would silently change every resumed run. */
  @Test
  void placesAreAFunctionOfSeedAndIndex() {
    Samples samples = samples(8, 1);
    int[] later = samples.sample(7).tokens();
    assertArrayEquals(later, samples(8, 1).sample(7).tokens());
    int[] places = {
      samples.sample(0).tokens()[0],
      samples.sample(1).tokens()[0],
      samples.sample(1L << 40).tokens()[0]
    };
    int[] other = {samples(8, 2).sample(0).tokens()[0], samples(8, 2).sample(1).tokens()[0]};
    assertArrayEquals(new int[] {28, 37, 71}, places);
    assertArrayEquals(new int[] {10, 79}, other);
  }

  @Test
  void shortestCorpus() {
    assertEquals(0, samples(CORPUS - 1, 1).sample(3).tokens()[0]);
    InputException error = assertThrows(InputException.class, () -> samples(CORPUS, 1));
    assertEquals(
        "-D data.path = \"" + file + "\": has 100 tokens, must have more than train.sequence (100)",
        error.getMessage());
  }
}
