package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ActivationPolicy;
import ringattention.model.AttentionKind;
import ringattention.model.FeedForwardKind;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.model.RopeScaling;
import ringattention.parallel.HostCollectives;
import ringattention.parallel.State;
import ringattention.plan.Schedule;
import ringattention.plan.TrainConfig;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** One step: which sequences it takes, how far it changes the weights, and what it says of both. */
class TrainerStepTest {
  private static final int SEQUENCE = AskedSamples.SEQUENCE;
  private static final ModelConfig MODEL =
      new ModelConfig(
          AskedSamples.VOCABULARY,
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

  private static TrainConfig config(int batch, double rate, double clip) {
    return new TrainConfig(
        SEQUENCE,
        batch,
        0,
        9,
        1,
        Schedule.COSINE,
        rate,
        rate / 2,
        4,
        0,
        0,
        List.of(),
        0.9,
        0.95,
        1e3,
        clip,
        1,
        3,
        false);
  }

  private static <T> T trained(
      Communicator world,
      TrainConfig config,
      Mesh ranks,
      int passes,
      AskedSamples asked,
      LongSupplier clock,
      BiFunction<Trainer, Replica, T> body) {
    ModelSetup setup =
        new ModelSetup(
            MODEL,
            AttentionKind.RING,
            Mask.CAUSAL,
            LayoutKind.ZIGZAG,
            FeedForwardKind.BLOCKWISE,
            64,
            64,
            ranks,
            SEQUENCE,
            config.batch() / ranks.data() / passes,
            passes,
            true,
            false,
            ActivationPolicy.inputs(MODEL.layers()),
            false);
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    try (Device device = new CpuDevice(1);
        Arena arena = new Arena(device)) {
      Replica replica =
          new Replica(
              setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
      replica.parameters().initialize(1, 0.3);
      Trainer trainer = new Trainer(config, setup, world, replica, asked, timer, clock);
      trainer.resumeAt(2, 2, 0, 1000);
      return body.apply(trainer, replica);
    }
  }

  private static <T> T alone(TrainConfig config, BiFunction<Trainer, Replica, T> body) {
    return trained(
        LocalCommunicator.single(),
        config,
        Mesh.of(1, 1),
        1,
        new AskedSamples(),
        System::nanoTime,
        body);
  }

  /** No sequence is learned twice or left out, however many ranks, rings and passes there are. */
  @ParameterizedTest
  @CsvSource({
    // ranks, those that share a sequence, those of them that exchange heads, passes
    "1, 1, 1, 1",
    "1, 1, 1, 4",
    "2, 2, 1, 2",
    "2, 1, 1, 1",
    "4, 2, 1, 2",
    "4, 1, 1, 2",
    "3, 3, 1, 4",
    "4, 4, 2, 2",
    "4, 2, 2, 1"
  })
  void everySequenceOfTheBatchIsTakenOnce(int ranks, int ring, int heads, int passes) {
    int batch = 8;
    List<AskedSamples> all =
        IntStream.range(0, ranks).mapToObj(rank -> new AskedSamples()).toList();
    List<StepResult> results =
        LocalCommunicator.run(
            ranks,
            world ->
                trained(
                    world,
                    config(batch, 1e-3, 1),
                    Mesh.of(ranks, ring / heads, heads),
                    passes,
                    all.get(world.rank()),
                    System::nanoTime,
                    (trainer, replica) -> trainer.next()));
    List<Long> third = LongStream.range(16, 24).boxed().toList(); // of batches of 8
    assertEquals(third, sorted(all.stream().flatMap(one -> one.labelled().stream()).toList()));
    for (int rank = 0; rank < ring; rank++) {
      int own = rank;
      List<Long> rings =
          IntStream.range(0, ranks / ring)
              .boxed()
              .flatMap(replica -> all.get(replica * ring + own).samples().stream())
              .toList();
      assertEquals(third, rings, "in order, of ranks " + rank + " of the rings");
    }
    StepResult result = results.get(ranks - 1);
    assertEquals(3, result.step());
    assertEquals(batch * SEQUENCE, result.labels());
    assertEquals(batch * AskedSamples.SQUARES, result.squares());
    StepResult alone = alone(config(batch, 1e-3, 1), (trainer, replica) -> trainer.next());
    assertEquals(alone.loss(), result.loss(), 1e-5);
    assertEquals(alone.gradientNorm(), result.gradientNorm(), 1e-4);
    assertTrue(result.loss() > 1 && result.loss() < 20, result.toString());
  }

  private static List<Long> sorted(List<Long> some) {
    return some.stream().sorted().toList();
  }

  /** How far weights moved: with so large an epsilon, by the gradient times the rate. */
  private static double moved(double clip) {
    return alone(
        config(2, 10, clip),
        (trainer, replica) -> {
          float[] before = weights(replica);
          trainer.next();
          float[] after = weights(replica);
          double squares = 0;
          for (int i = 0; i < before.length; i++) {
            squares += Math.pow(after[i] - before[i], 2);
          }
          return Math.sqrt(squares);
        });
  }

  private static float[] weights(Replica replica) {
    float[] all = new float[10_000];
    int[] count = {0};
    replica
        .parameters()
        .save(
            State.WEIGHT,
            (parameter, index, values) -> {
              while (values.hasRemaining()) {
                all[count[0]++] = values.get();
              }
            });
    return Arrays.copyOf(all, count[0]);
  }

  /** A gradient that is too long is shortened to the norm that is given, and no other. */
  @Test
  void longGradientsAreClipped() {
    double norm = alone(config(2, 1e-3, 0), (trainer, replica) -> trainer.next().gradientNorm());
    double free = moved(0);
    assertTrue(norm > 0.1 && free > 0, norm + " " + free);
    assertEquals(free, moved(2 * norm), 1e-3 * free);
    assertEquals(free / 2, moved(norm / 2), 1e-2 * free);
    assertEquals(free / 4, moved(norm / 4), 1e-2 * free);
  }

  /** The loss of a step is its own: without a change of weights the same again. */
  @Test
  void lossesAreNotAddedUp() {
    List<StepResult> twice =
        alone(
            config(2, 1e-30, 1),
            (trainer, replica) -> {
              StepResult first = trainer.next();
              trainer.resumeAt(2, 3, 0, 1000);
              return List.of(first, trainer.next());
            });
    assertEquals(twice.get(0).loss(), twice.get(1).loss());
    assertEquals(twice.get(0).gradientNorm(), twice.get(1).gradientNorm());
    assertEquals(0.75e-30, twice.get(0).learningRate(), 1e-36); // the third of 4 warm-up steps
  }

  /** All ranks stop after the same step, for the weightiest reason, and time is the slowest's. */
  @Test
  void ranksAgreeOnTimeAndStop() {
    List<StepResult> results =
        LocalCommunicator.run(
            3,
            world -> {
              long[] time = {0};
              long second = 1_000_000_000L * (1 + world.rank());
              return trained(
                  world,
                  config(1, 1e-3, 1),
                  Mesh.of(3, 3),
                  1,
                  new AskedSamples(),
                  () -> time[0] += second,
                  (trainer, replica) -> {
                    trainer.stopWhen(
                        () -> List.of(Stop.NONE, Stop.USR1, Stop.TIME).get(world.rank()));
                    return trainer.next();
                  });
            });
    for (StepResult result : results) {
      assertEquals(Stop.USR1, result.stop());
      assertEquals(3, result.seconds(), 1e-9);
    }
    assertEquals(Stop.NONE, alone(config(1, 1e-3, 1), (t, r) -> t.next()).stop());
  }

  @Test
  void everyPassIsTold() {
    int[] told = {0};
    trained(
        LocalCommunicator.single(),
        config(6, 1e-3, 1),
        Mesh.of(1, 1),
        3,
        new AskedSamples(),
        System::nanoTime,
        (trainer, replica) -> trainer.next(() -> told[0]++));
    assertEquals(3, told[0]);
  }

  /** Where to look, and how often it had gone well before. */
  @ParameterizedTest
  @CsvSource({"0, ''", "2, ', and 2 steps before it were skipped'"})
  void divergenceNamesTheParameter(int mostSkipped, String before) {
    DivergedException error =
        alone(
            config(1, 1e-3, 1),
            (trainer, replica) -> {
              trainer.skipAtMost(mostSkipped);
              trainer.spoil(step -> true);
              for (int i = 0; i < mostSkipped; i++) {
                String why = trainer.next().skipped();
                assertTrue(why.endsWith("is not finite is that of model.embed_tokens.weight"), why);
                assertEquals(i + 1, trainer.skippedInARow());
              }
              return assertThrows(DivergedException.class, trainer::next);
            });
    assertTrue(error.getMessage().startsWith("step " + (3 + mostSkipped) + ": loss "));
    assertTrue(
        error
            .getMessage()
            .endsWith(
                "the first gradient that is not finite is that of model.embed_tokens.weight"
                    + before),
        error.getMessage());
  }
}
