package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.command.Sections;
import ringattention.data.HeldOutSamples;
import ringattention.data.Sample;
import ringattention.data.SampleShape;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.HostCollectives;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** Every label of a corpus counts once, at its place, on however many ranks and rings. */
class HeldOutLossTest {
  private static final int SEQUENCE = 12;
  private static final ModelConfig MODEL =
      new ModelConfig(
          256,
          8,
          2,
          new HeadCounts(2, 1, 4),
          12,
          10000,
          RopeScaling.NONE,
          1e-5,
          false,
          0.5,
          Optional.empty());

  @TempDir Path folder;

  /** With documents six sequences of which the last is not full, without four. */
  @BeforeEach
  void writeFiles() throws IOException {
    int[] lengths = {9, 30, 17, 4};
    for (int i = 0; i < lengths.length; i++) {
      byte[] bytes = new byte[lengths[i]];
      for (int j = 0; j < bytes.length; j++) {
        bytes[j] = (byte) (37 * (i + 1) + 11 * j);
      }
      Files.write(folder.resolve("file-" + i), bytes);
    }
  }

  private HeldOutSamples samples(boolean documents) {
    return HeldOutSamples.of(
        Sections.INPUTS.defaults(
            List.of(
                "data.path=" + folder,
                "data.documents=" + documents,
                "train.steps=1",
                "train.sequence=" + SEQUENCE)),
        new SampleShape(SEQUENCE, MODEL.vocabulary(), 1));
  }

  private static ModelSetup setup(Mesh ranks, int batch, boolean documents) {
    return new ModelSetup(
        MODEL,
        AttentionKind.RING,
        Mask.CAUSAL,
        LayoutKind.ZIGZAG,
        FeedForwardKind.BLOCKWISE,
        5,
        3,
        ranks,
        SEQUENCE,
        batch,
        1,
        documents,
        false,
        ActivationPolicy.forwardOnly(MODEL.layers(), 1),
        true);
  }

  /** What is done with the replica of a rank. */
  private interface Body<T> {
    T apply(Replica replica, PhaseTimer timer);
  }

  private static <T> T on(Communicator world, ModelSetup setup, Body<T> body) {
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    try (Device device = new ReferenceDevice();
        Arena arena = new Arena(device)) {
      Replica replica =
          new Replica(
              setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
      replica.weights().initialize(3, MODEL.initStd());
      return body.apply(replica, timer);
    }
  }

  /** The sums by bucket from the logits of one sequence after the other, on one rank. */
  private static double[] truth(HeldOutSamples samples, long sequences, boolean documents) {
    LossByPosition.Sums sums = new LossByPosition.Sums();
    ModelSetup alone = setup(Mesh.of(1, 1), 1, documents);
    on(
        LocalCommunicator.single(),
        alone,
        (replica, timer) -> {
          for (long index = 0; index < sequences; index++) {
            Sample sample = samples.sample(index);
            replica.load(new Sample[] {sample});
            List<double[]> logits = new ArrayList<>();
            replica
                .transformer()
                .logits(
                    block -> {
                      for (long row = 0; row < block.dim(0); row++) {
                        logits.add(read(block.slice(row, row + 1)));
                      }
                    });
            for (int i = 0; i < SEQUENCE; i++) {
              int at = i;
              int label = sample.labels()[i];
              if (label >= 0) {
                int start = Arrays.stream(sample.documents()).filter(d -> d <= at).max().orElse(0);
                add(logits.get(i), label, i - start + 1, sums);
              }
            }
          }
          return null;
        });
    return sums.values();
  }

  private static double[] read(Tensor tensor) {
    try (Device device = new ReferenceDevice()) {
      return device.read(tensor);
    }
  }

  private static void add(double[] logits, int label, int seen, LossByPosition.Sums sums) {
    double largest = Arrays.stream(logits).max().orElseThrow();
    double sum = Arrays.stream(logits).map(logit -> Math.exp(logit - largest)).sum();
    int greedy =
        IntStream.range(0, logits.length).filter(i -> logits[i] == largest).findFirst().orElse(-1);
    sums.add(seen, Math.log(sum) + largest - logits[label], greedy == label ? 1 : 0, 1);
  }

  /** Runs of labels are questions; a document's end in the middle of a sequence ends one. */
  @ParameterizedTest
  @CsvSource({"1, 1, 4", "2, 2, 1", "2, 1, 2", "4, 2, 3", "3, 3, 2"})
  void questionsAreCountedOnAllRanks(int ranks, int ring, int batch) {
    List<LossByPosition> found =
        LocalCommunicator.run(
            ranks,
            world -> {
              ModelSetup setup = setup(Mesh.of(ranks, ring), batch, true);
              try (HeldOutSamples own = samples(true)) {
                return on(
                    world,
                    setup,
                    (replica, timer) ->
                        new HeldOutLoss(setup, world, replica, own, true, 0, timer).measure());
              }
            });
    long questions = 0;
    try (HeldOutSamples all = samples(true)) {
      for (long index = 0; index < all.sequences(); index++) {
        Sample sample = all.sample(index);
        int[] labels = sample.labels();
        for (int i = 0; i < SEQUENCE; i++) {
          int at = i;
          boolean begins = Arrays.stream(sample.documents()).anyMatch(start -> start == at);
          questions += labels[i] >= 0 && (i == 0 || begins || labels[i - 1] < 0) ? 1 : 0;
        }
      }
    }
    assertTrue(questions > 6);
    for (LossByPosition each : found) {
      Answers answers = each.answers().orElseThrow();
      assertEquals(questions, answers.questions());
      assertEquals(each.labels(), answers.labels());
      assertEquals(each.accuracy(), answers.digitRate(), 1e-12);
      assertEquals(found.get(0).answers(), each.answers());
    }
  }

  @ParameterizedTest
  @CsvSource({
    // ranks, ring, batch of a ring, at most, documents
    "1, 1, 1, 0, true",
    "1, 1, 4, 0, true",
    "2, 2, 1, 0, true",
    "2, 2, 3, 3, true",
    "4, 2, 2, 0, true",
    "3, 1, 1, 4, true",
    "2, 2, 2, 0, false",
    "4, 2, 1, 3, false",
    "2, 1, 1, 99, false",
  })
  void everyLabelCountsOnce(int ranks, int ring, int batch, int most, boolean documents) {
    try (HeldOutSamples all = samples(documents)) {
      long sequences = most == 0 ? all.sequences() : Math.min(most, all.sequences());
      LossByPosition expected = LossByPosition.of(truth(all, sequences, documents), true);
      if (most == 0) {
        assertEquals(all.labels(), expected.labels());
      }
      List<LossByPosition> found =
          LocalCommunicator.run(
              ranks,
              world -> {
                ModelSetup setup = setup(Mesh.of(ranks, ring), batch, documents);
                HeldOutSamples own = samples(documents);
                return on(
                    world,
                    setup,
                    (replica, timer) -> {
                      HeldOutLoss loss = new HeldOutLoss(setup, world, replica, own, most, timer);
                      assertEquals(sequences, loss.sequences());
                      return loss.measure();
                    });
              });
      for (LossByPosition each : found) { // the same on every rank
        assertEquals(expected.buckets().size(), each.buckets().size());
        assertEquals(expected.bits().orElseThrow(), each.bits().orElseThrow(), 1e-12);
        for (int i = 0; i < each.buckets().size(); i++) {
          LossByPosition.Bucket truth = expected.buckets().get(i);
          LossByPosition.Bucket bucket = each.buckets().get(i);
          assertEquals(truth.labels(), bucket.labels(), "labels of bucket " + i);
          assertEquals(truth.total(), bucket.total(), 1e-10, "nats of bucket " + i);
          assertEquals(truth.hits(), bucket.hits(), "hits of bucket " + i);
          assertEquals(truth.bytes(), bucket.bytes(), "bytes of bucket " + i);
        }
      }
    }
  }
}
