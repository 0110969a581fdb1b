package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Documents of 1 to 40 tokens, whose tokens say where they come from: 100 d + i is token i of
 * document d. Every third token of every other document is not to be learned.
 */
class PackedSamplesTest {
  private static final int[] LENGTHS = {7, 40, 1, 12, 16, 3, 25, 2, 9};
  private static final int PADDING = 9999;

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void writeDocuments() throws IOException {
    file = folder.resolve("tokens");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      TokenFileWriter writer = new TokenFileWriter(channel);
      for (int d = 0; d < LENGTHS.length; d++) {
        for (int i = 0; i < LENGTHS[d]; i++) {
          writer.add(100 * d + i, learned(100 * d + i));
        }
        writer.endDocument();
      }
      writer.finish(CorpusCounts.NONE);
    }
  }

  private static boolean learned(int token) {
    return token / 100 % 2 == 0 || token % 100 % 3 != 2;
  }

  private Samples samples(int sequence, int multiple, int first, long seed) {
    var configuration =
        Given.configuration(
            file,
            "train.sequence=" + sequence,
            "data.documentMultiple=" + multiple,
            "data.firstPosition=" + first,
            "train.seed=" + seed);
    return Given.packed(configuration, TokenFile.open(file, configuration.source(), 1000), PADDING);
  }

  /**
   * What a sequence must be, told from its tokens alone: where documents begin and end, which
   * labels count, where positions start again.
   */
  @ParameterizedTest
  @CsvSource({"16, 1, 0, 1", "16, 4, 0, 1", "13, 1, 7, 2", "100, 5, 500000, 3", "2, 2, 0, 4"})
  void everySequenceIsTrueToItsDocuments(int sequence, int multiple, int first, long seed) {
    Samples samples = samples(sequence, multiple, first, seed);
    List<Integer> row = new ArrayList<>(); // of all sequences
    for (int index = 0; index < 300; index++) {
      Sample sample = samples.sample(index);
      Set<Integer> starts = new TreeSet<>();
      for (int d : sample.documents()) {
        starts.add(d);
      }
      assertTrue(starts.contains(0));
      assertEquals(sample.documents().length, starts.size());
      int start = 0;
      int counted = 0;
      for (int i = 0; i < sequence; i++) {
        int token = sample.tokens()[i];
        row.add(token);
        boolean pad = token == PADDING;
        boolean continues =
            i > 0 && (pad || token % 100 != 0 && token == sample.tokens()[i - 1] + 1);
        assertEquals(!continues, starts.contains(i), "document at " + i);
        start = starts.contains(i) ? i : start;
        assertEquals(first + i - start, sample.positions()[i]);
        boolean last = pad || token % 100 + 1 == LENGTHS[token / 100];
        int label = last || !learned(token + 1) ? Sample.NO_LABEL : token + 1;
        assertEquals(label, sample.labels()[i], "label of " + token);
        counted += label == Sample.NO_LABEL ? 0 : 1;
      }
      assertEquals(counted, samples.labels(index));
    }
    assertEveryEpochHasAll(row, multiple);
  }

  /** Cuts the row into epochs and these into documents: all of them, padded, in another order. */
  private static void assertEveryEpochHasAll(List<Integer> row, int multiple) {
    int epoch = Arrays.stream(LENGTHS).map(tokens -> padded(tokens, multiple)).sum();
    Set<List<Integer>> orders = new HashSet<>();
    for (int from = 0; from + epoch <= row.size(); from += epoch) {
      List<Integer> order = new ArrayList<>();
      for (int at = from; at < from + epoch; ) {
        int document = row.get(at) / 100;
        order.add(document);
        int length = LENGTHS[document];
        for (int i = 0; i < padded(length, multiple); i++) {
          assertEquals(i < length ? 100 * document + i : PADDING, row.get(at + i));
        }
        at += padded(length, multiple);
      }
      assertEquals(LENGTHS.length, Set.copyOf(order).size());
      assertEquals(LENGTHS.length, order.size());
      orders.add(order);
    }
    assertEquals(row.size() / epoch, orders.size(), "epochs in the same order");
  }

  private static int padded(int tokens, int multiple) {
    return (tokens + multiple - 1) / multiple * multiple;
  }

  /**
   * A run that is resumed asks for a late sequence first, another number of ranks in other order.
   */
  @Test
  void sequencesDependOnSeedAndIndexOnly() {
    Samples forward = samples(16, 1, 0, 1);
    List<Sample> first = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      first.add(forward.sample(i));
    }
    Samples backward = samples(16, 1, 0, 1);
    for (int i = 59; i >= 0; i--) {
      assertArrayEquals(first.get(i).tokens(), backward.sample(i).tokens());
      assertArrayEquals(first.get(i).labels(), backward.sample(i).labels());
      assertArrayEquals(first.get(i).documents(), backward.sample(i).documents());
    }
    assertArrayEquals(
        samples(16, 1, 0, 1).sample(1L << 40).tokens(),
        samples(16, 1, 0, 1).sample(1L << 40).tokens());
    assertNotEquals(
        Arrays.toString(first.get(0).tokens()),
        Arrays.toString(samples(16, 1, 0, 2).sample(0).tokens()));
  }

  /** Checkpoints rely on this: another order would silently change every resumed run. */
  @Test
  void orderOfTheFirstEpochs() {
    int[] lengths = new int[6];
    Arrays.fill(lengths, 1);
    List<List<Integer>> orders = new ArrayList<>();
    for (int epoch = 0; epoch < 2; epoch++) {
      EpochOrder order = new EpochOrder(1, epoch, lengths);
      List<Integer> documents = new ArrayList<>();
      for (int i = 0; i < order.size(); i++) {
        documents.add(order.document(i));
      }
      orders.add(documents);
    }
    assertEquals(List.of(List.of(4, 2, 1, 5, 3, 0), List.of(1, 4, 5, 3, 0, 2)), orders);
  }
}
