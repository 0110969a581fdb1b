package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.data.Sample;
import ringattention.data.Samples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ActivationPolicy;
import ringattention.model.Answers;
import ringattention.model.AttentionKind;
import ringattention.model.FeedForwardKind;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.model.RopeScaling;
import ringattention.parallel.HostCollectives;
import ringattention.plan.Schedule;
import ringattention.plan.TrainConfig;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/**
 * The answers of a training step are those of the weights before its update: of sequences whose
 * labels were made of what the model predicts, with some of them spoilt.
 */
class CountedAnswersTest {
  private static final int SEQUENCE = 21;
  private static final int BATCH = 8;
  private static final int[] DOCUMENTS = {0, 4, 11, 12};
  private static final int[] POSITIONS = {
    0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8
  };

  /** Questions end with their documents, begin with them, and fill them. */
  private static final String LABELS = "..xxxx.xxx.xxxx..xx.x";

  private static final ModelConfig MODEL =
      new ModelConfig(
          40,
          8,
          1,
          new HeadCounts(2, 2, 4),
          12,
          10000,
          RopeScaling.NONE,
          1e-5,
          false,
          0.02,
          Optional.empty());

  private static final TrainConfig TRAIN =
      new TrainConfig(
          SEQUENCE,
          BATCH,
          0,
          9,
          1,
          Schedule.CONSTANT,
          1e-2,
          1e-2,
          0,
          0,
          0,
          List.of(),
          0.9,
          0.95,
          1e-8,
          1,
          1,
          3,
          true);

  /**
   * @param labels of each sequence
   */
  private record Fixed(List<int[]> labels) implements Samples {
    @Override
    public Sample sample(long index) {
      int[] tokens = new Random(index).ints(SEQUENCE, 0, MODEL.vocabulary()).toArray();
      return new Sample(tokens, labels.get((int) index % BATCH), POSITIONS, DOCUMENTS);
    }

    @Override
    public long tokens() {
      return SEQUENCE;
    }

    @Override
    public long documents() {
      return 1;
    }

    @Override
    public String digest() {
      return "";
    }

    @Override
    public void close() {}
  }

  private static <T> T on(
      Communicator world,
      Mesh ranks,
      int passes,
      LayoutKind kind,
      Samples samples,
      BiFunction<Trainer, Replica, T> body) {
    ModelSetup setup =
        new ModelSetup(
            MODEL,
            AttentionKind.RING,
            Mask.CAUSAL,
            kind,
            FeedForwardKind.BLOCKWISE,
            4,
            2, // of the head: questions go over the ends of its blocks
            ranks,
            SEQUENCE,
            BATCH / ranks.data() / passes,
            passes,
            true,
            false,
            ActivationPolicy.inputs(MODEL.layers()),
            true);
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    try (Device device = new ReferenceDevice();
        Arena arena = new Arena(device)) {
      Replica replica =
          new Replica(
              setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
      replica.parameters().initialize(1, 0.5);
      Trainer trainer = new Trainer(TRAIN, setup, world, replica, samples, timer, System::nanoTime);
      return body.apply(trainer, replica);
    }
  }

  private static List<int[]> empty() {
    List<int[]> labels = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      int[] none = new int[SEQUENCE];
      Arrays.fill(none, Sample.NO_LABEL);
      labels.add(none);
    }
    return labels;
  }

  /** What the model predicts at every position of each sequence, of all of them together. */
  private static int[][] greedy() {
    Fixed fixed = new Fixed(empty());
    return on(
        LocalCommunicator.single(),
        Mesh.of(1, 1),
        1,
        LayoutKind.CONTIGUOUS,
        fixed,
        (trainer, replica) -> {
          Sample[] all = new Sample[BATCH];
          Arrays.setAll(all, fixed::sample);
          replica.load(all);
          int[] row = {0};
          int[][] predicted = new int[BATCH][SEQUENCE];
          replica
              .transformer()
              .logits(
                  block -> {
                    try (Device reader = new ReferenceDevice()) {
                      double[] logits = reader.read(block);
                      int width = MODEL.vocabulary();
                      for (int i = 0; i < logits.length / width; i++, row[0]++) {
                        int best = 0;
                        for (int j = 1; j < width; j++) {
                          best = logits[i * width + j] > logits[i * width + best] ? j : best;
                        }
                        predicted[row[0] % BATCH][row[0] / BATCH] = best;
                      }
                    }
                  });
          return predicted;
        });
  }

  /** Labels are what is predicted, but for a fourth of them. */
  private static List<int[]> labels() {
    int[][] predicted = greedy();
    Random random = new Random(3);
    List<int[]> labels = empty();
    for (int b = 0; b < BATCH; b++) {
      for (int i = 0; i < SEQUENCE; i++) {
        if (LABELS.charAt(i) == 'x') {
          boolean spoilt = random.nextInt(4) == 0;
          labels.get(b)[i] = (predicted[b][i] + (spoilt ? 1 : 0)) % MODEL.vocabulary();
        }
      }
    }
    return labels;
  }

  /** The runs of {@link #LABELS} by hand: cut where the documents begin. */
  private static Answers truth(List<int[]> labels) {
    int[][] runs = {{2, 4}, {4, 6}, {7, 10}, {11, 12}, {12, 15}, {17, 19}, {20, 21}};
    int[][] predicted = greedy();
    long exact = 0;
    long hits = 0;
    long all = 0;
    for (int b = 0; b < BATCH; b++) {
      for (int[] run : runs) {
        int right = 0;
        for (int i = run[0]; i < run[1]; i++) {
          right += labels.get(b)[i] == predicted[b][i] ? 1 : 0;
        }
        exact += right == run[1] - run[0] ? 1 : 0;
        hits += right;
        all += run[1] - run[0];
      }
    }
    return new Answers((long) runs.length * BATCH, exact, all, hits);
  }

  @ParameterizedTest
  @CsvSource({
    // ranks, those that share a sequence, those of them that exchange heads, passes
    "1, 1, 1, 1",
    "1, 1, 1, 4",
    "2, 2, 1, 2",
    "2, 1, 1, 1",
    "4, 2, 1, 2",
    "4, 4, 1, 1",
    "4, 1, 1, 2",
    "4, 4, 2, 1",
    "2, 2, 2, 2",
  })
  void answersAreThoseOfTheWeightsBeforeTheStep(int ranks, int ring, int heads, int passes) {
    List<int[]> labels = labels();
    Answers expected = truth(labels);
    assertTrue(expected.exact() > 5 && expected.exact() < expected.questions() - 5);
    for (LayoutKind kind : LayoutKind.values()) {
      List<StepResult> found =
          LocalCommunicator.run(
              ranks,
              world ->
                  on(
                      world,
                      Mesh.of(ranks, ring / heads, heads),
                      passes,
                      kind,
                      new Fixed(labels),
                      (trainer, replica) -> {
                        trainer.countAnswers();
                        return trainer.next();
                      }));
      for (StepResult each : found) { // the same on every rank
        assertEquals(Optional.of(expected), each.answers(), kind.toString());
        assertEquals(expected.labels(), each.labels());
      }
    }
  }

  private static List<Double> losses(boolean counted, List<int[]> labels) {
    return LocalCommunicator.run(
            2,
            world ->
                on(
                    world,
                    Mesh.of(2, 2),
                    2,
                    LayoutKind.ZIGZAG,
                    new Fixed(labels),
                    (trainer, replica) -> {
                      if (counted) {
                        trainer.countAnswers();
                      }
                      List<Double> losses = new ArrayList<>();
                      for (int i = 0; i < 4; i++) {
                        StepResult step = trainer.next();
                        assertEquals(counted, step.answers().isPresent());
                        losses.add(step.loss());
                        losses.add(step.gradientNorm());
                      }
                      return losses;
                    }))
        .get(0);
  }

  /** Counting changes no bit of training, and counts each step anew. */
  @Test
  void countingIsNoPartOfTraining() {
    List<int[]> labels = labels();
    assertEquals(losses(false, labels), losses(true, labels));
  }

  @Test
  void aBatchWithoutLabelsHasNoQuestions() {
    StepResult step =
        on(
            LocalCommunicator.single(),
            Mesh.of(1, 1),
            2,
            LayoutKind.STRIPED,
            new Fixed(empty()),
            (trainer, replica) -> {
              trainer.countAnswers();
              return trainer.next();
            });
    assertEquals(Optional.of(new Answers(0, 0, 0, 0)), step.answers());
  }
}
