package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.data.Sample;
import ringattention.shard.LayoutKind;
import ringattention.shard.SequenceLayout;

/** Questions are counted as if one rank held all, whatever ranks hold their labels. */
class ExactAnswersTest {
  private static final int LABEL = 7;

  /** A sequence and which of its positions the model predicts. */
  private record Answered(Sample sample, boolean[] hits) {}

  /**
   * Runs of labels at random, also over the borders of documents, at the first and at the last
   * position.
   */
  private static Answered random(Random random, int length, int documents) {
    int[] labels = new int[length];
    boolean counts = random.nextBoolean();
    for (int i = 0; i < length; i++) {
      counts = random.nextInt(4) == 0 ? !counts : counts;
      labels[i] = counts ? LABEL : Sample.NO_LABEL;
    }
    int[] starts = random.ints(1, length).distinct().limit(documents - 1).sorted().toArray();
    int[] all = new int[starts.length + 1];
    System.arraycopy(starts, 0, all, 1, starts.length);
    boolean[] hits = new boolean[length];
    for (int i = 0; i < length; i++) {
      hits[i] = labels[i] == LABEL && random.nextInt(4) > 0;
    }
    return new Answered(new Sample(new int[length], labels, new int[length], all), hits);
  }

  /** By the definition: a run begins where no run goes on, and ends where the next cannot. */
  private static Answers truth(List<Answered> all) {
    long questions = 0;
    long exact = 0;
    long labels = 0;
    long hits = 0;
    for (Answered one : all) {
      List<Integer> starts = Arrays.stream(one.sample.documents()).boxed().toList();
      for (int from = 0; from < one.hits.length; from++) {
        boolean goesOn = from > 0 && counts(one, from - 1) && !starts.contains(from);
        if (!counts(one, from) || goesOn) {
          continue;
        }
        int to = from;
        List<Boolean> run = new ArrayList<>();
        do {
          run.add(one.hits[to++]);
        } while (to < one.hits.length && counts(one, to) && !starts.contains(to));
        questions++;
        exact += run.contains(false) ? 0 : 1;
        labels += run.size();
        hits += run.stream().filter(hit -> hit).count();
      }
    }
    return new Answers(questions, exact, labels, hits);
  }

  private static boolean counts(Answered one, int position) {
    return one.sample.labels()[position] != Sample.NO_LABEL;
  }

  /** As a device gives them: [tokens held, batch, 2], the losses anything. */
  private static double[] losses(List<Answered> batch, int[] held) {
    double[] losses = new double[held.length * batch.size() * 2];
    for (int i = 0; i < held.length; i++) {
      for (int b = 0; b < batch.size(); b++) {
        int at = 2 * (i * batch.size() + b);
        losses[at] = 0.5 * (i + b);
        losses[at + 1] = batch.get(b).hits[held[i]] ? 1 : 0;
      }
    }
    return losses;
  }

  private static Sample[] samples(List<Answered> batch) {
    return batch.stream().map(Answered::sample).toArray(Sample[]::new);
  }

  /** What all ranks of a ring count of some micro-batches, added up. */
  private static Answers counted(
      int ranks, LayoutKind kind, int length, List<List<Answered>> passes) {
    List<double[]> sums =
        LocalCommunicator.run(
            ranks,
            ring -> {
              int[] held = SequenceLayout.of(kind, length, ranks).positions(ring.rank());
              ExactAnswers answers = new ExactAnswers(held, ring);
              passes.forEach(batch -> answers.add(samples(batch), losses(batch, held)));
              double[] own = answers.sums();
              assertArrayEquals(new double[Answers.VALUES], answers.sums(), "forgotten");
              return own;
            });
    double[] all = new double[Answers.VALUES];
    sums.forEach(own -> Arrays.setAll(all, i -> all[i] + own[i]));
    return Answers.of(all, 0);
  }

  @ParameterizedTest
  @CsvSource({
    // ranks, length, batch, documents
    "1, 40, 1, 1",
    "1, 40, 3, 5",
    "2, 41, 1, 4",
    "2, 12, 4, 3",
    "4, 64, 2, 9",
    "4, 61, 3, 6",
    "4, 300, 5, 20",
  })
  void allRanksTogetherCountWhatOneWould(int ranks, int length, int batch, int documents) {
    Random random = new Random(31L * ranks + length);
    for (LayoutKind kind : LayoutKind.values()) {
      for (int trial = 0; trial < 8; trial++) {
        List<List<Answered>> passes = new ArrayList<>();
        for (int pass = 0; pass < 3; pass++) {
          List<Answered> one = new ArrayList<>();
          for (int b = 0; b < batch; b++) {
            one.add(random(random, length, documents));
          }
          passes.add(one);
        }
        Answers expected = truth(passes.stream().flatMap(List::stream).toList());
        assertTrue(expected.exact() > 0 && expected.exact() < expected.questions());
        assertEquals(expected, counted(ranks, kind, length, passes), kind.toString());
      }
    }
  }

  private static Answered labelled(String labels, String hits, int... documents) {
    int[] all = labels.chars().map(letter -> letter == '.' ? Sample.NO_LABEL : LABEL).toArray();
    boolean[] right = new boolean[all.length];
    for (int i = 0; i < right.length; i++) {
      right[i] = hits.charAt(i) == '+';
    }
    return new Answered(
        new Sample(new int[all.length], all, new int[all.length], documents), right);
  }

  /** Two documents meet in a run of labels: two questions, one of them answered. */
  @Test
  void aDocumentEndsAQuestion() {
    Answered one = labelled("..xxxx..", "..++-+..", 0, 4);
    for (int ranks : new int[] {1, 2, 4}) {
      assertEquals(
          new Answers(2, 1, 4, 3),
          counted(ranks, LayoutKind.ZIGZAG, 8, List.of(List.of(one))),
          ranks + " ranks");
    }
  }

  /** A miss on one rank spoils the question whose other labels other ranks hold. */
  @Test
  void aMissOnAnyRankCounts() {
    for (int miss = 0; miss < 8; miss++) {
      char[] hits = "++++++++".toCharArray();
      hits[miss] = '-';
      Answered one = labelled("xxxxxxxx", new String(hits), 0);
      for (LayoutKind kind : LayoutKind.values()) {
        assertEquals(
            new Answers(1, 0, 8, 7), counted(4, kind, 8, List.of(List.of(one))), kind + " " + miss);
      }
    }
  }

  /** Ranks without a label take part, and a step without any asks nobody. */
  @Test
  void ranksWithoutLabelsTakePart() {
    Answered one = labelled("......x.", "......+.", 0);
    assertEquals(
        new Answers(1, 1, 1, 1), counted(4, LayoutKind.CONTIGUOUS, 8, List.of(List.of(one))));
    Answered none = labelled("........", "........", 0);
    Answers nothing = counted(2, LayoutKind.STRIPED, 8, List.of(List.of(none, none)));
    assertEquals(new Answers(0, 0, 0, 0), nothing);
    assertTrue(Double.isNaN(nothing.exactRate()) && Double.isNaN(nothing.digitRate()));
    Communicator single = LocalCommunicator.single();
    assertArrayEquals(new double[4], new ExactAnswers(new int[] {0}, single).sums());
  }

  @Test
  void ratesAreShares() {
    Answers some = new Answers(8, 6, 48, 42);
    assertEquals(0.75, some.exactRate());
    assertEquals(0.875, some.digitRate());
  }
}
