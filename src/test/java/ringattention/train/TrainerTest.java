package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.data.Sample;
import ringattention.data.Samples;
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

/** Steps that make no update: those without labels, and those whose gradients are not finite. */
class TrainerTest {
  private static final int SEQUENCE = 17;
  private static final long NO_LABELS = -1; // instead of the seed of a sequence
  private static final ModelConfig MODEL =
      new ModelConfig(
          31,
          8,
          2,
          new HeadCounts(2, 2, 4),
          24,
          10000,
          RopeScaling.NONE,
          1e-5,
          false,
          0.02,
          Optional.empty());

  /** Settings with one learning rate: schedules go by steps, updates by themselves. */
  private static final TrainConfig TRAIN =
      new TrainConfig(
          SEQUENCE,
          1,
          0,
          9,
          1,
          Schedule.CONSTANT,
          1e-2,
          1e-2,
          0,
          0,
          0.1,
          List.of("norm"),
          0.9,
          0.95,
          1e-8,
          1,
          1,
          3,
          false);

  /** One sequence a step, made of a seed each. */
  private record Seeds(long... seeds) implements Samples {
    @Override
    public Sample sample(long index) {
      long seed = seeds[(int) index];
      int[] tokens = new Random(seed).ints(SEQUENCE + 1L, 0, MODEL.vocabulary()).toArray();
      Sample sample = Sample.consecutive(tokens, 0);
      if (seed == NO_LABELS) {
        Arrays.fill(sample.labels(), Sample.NO_LABEL);
      }
      return sample;
    }

    @Override
    public long tokens() {
      return (long) seeds.length * SEQUENCE;
    }

    @Override
    public long documents() {
      return seeds.length;
    }

    @Override
    public String digest() {
      return Arrays.toString(seeds);
    }

    @Override
    public void close() {}
  }

  /** What a rank's trainer did. */
  private record Trained(List<StepResult> steps, long updates, float[] weights) {}

  private static Trained train(int ranks, Consumer<Trainer> prepare, long... seeds) {
    return LocalCommunicator.run(ranks, world -> train(world, prepare, seeds)).get(0);
  }

  private static Trained train(Communicator world, Consumer<Trainer> prepare, long... seeds) {
    ModelSetup setup =
        new ModelSetup(
            MODEL,
            AttentionKind.RING,
            Mask.CAUSAL,
            LayoutKind.ZIGZAG,
            FeedForwardKind.BLOCKWISE,
            64,
            64,
            Mesh.of(world.size(), world.size()),
            SEQUENCE,
            1,
            1,
            false,
            false,
            ActivationPolicy.inputs(MODEL.layers()),
            false);
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    try (Device device = new CpuDevice(1);
        Arena arena = new Arena(device)) {
      Replica replica =
          new Replica(
              setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
      replica.parameters().initialize(1, 0.1);
      Trainer trainer =
          new Trainer(TRAIN, setup, world, replica, new Seeds(seeds), timer, System::nanoTime);
      prepare.accept(trainer);
      List<StepResult> steps = new ArrayList<>();
      while (trainer.step() < seeds.length) {
        steps.add(trainer.next());
      }
      List<Float> weights = new ArrayList<>();
      replica
          .parameters()
          .save(
              State.WEIGHT,
              (parameter, index, values) -> {
                while (values.hasRemaining()) {
                  weights.add(values.get());
                }
              });
      float[] all = new float[weights.size()];
      for (int i = 0; i < all.length; i++) {
        all[i] = weights.get(i);
      }
      return new Trained(steps, trainer.updates(), all);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void stepsWithoutLabelsLeaveNoTrace(int ranks) {
    Trained mixed =
        train(ranks, trainer -> {}, 5, NO_LABELS, 6, NO_LABELS, NO_LABELS, 7, NO_LABELS);
    Trained labelled = train(ranks, trainer -> {}, 5, 6, 7);
    assertArrayEquals(labelled.weights(), mixed.weights());
    assertTrue(labelled.weights().length > 0);
    assertEquals(3, mixed.updates());
    StepResult without = mixed.steps().get(1);
    assertFalse(without.labelled());
    assertTrue(Double.isNaN(without.loss()), without.toString());
    assertEquals("", without.skipped());
    assertEquals(labelled.steps().get(2).loss(), mixed.steps().get(5).loss());
  }

  /** Of bias correction too, which goes by the number of updates. */
  @Test
  void skippedStepsLeaveNoTrace() {
    Consumer<Trainer> faults =
        trainer -> {
          trainer.skipAtMost(2);
          trainer.spoil(step -> Set.of(1L, 2L, 4L).contains(step));
        };
    Trained mixed = train(1, faults, 1, 2, 5, 3, 6);
    Trained good = train(1, trainer -> {}, 5, 6);
    assertArrayEquals(good.weights(), mixed.weights());
    assertEquals(2, mixed.updates());
    assertFalse(mixed.steps().get(0).skipped().isEmpty());
    assertTrue(mixed.steps().get(0).labelled());
  }

  /** How often in a row steps were skipped is not forgotten where a run is resumed. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void resumedRunCountsOn(int skippedBefore) {
    Consumer<Trainer> faults =
        trainer -> {
          trainer.resumeAt(3, 3 - skippedBefore, skippedBefore, 3 * SEQUENCE);
          trainer.skipAtMost(2);
          trainer.spoil(step -> step == 4 || step == 5);
        };
    if (skippedBefore == 0) {
      assertEquals(4, train(1, faults, 1, 2, 3, 4, 5, 6).updates());
      return;
    }
    String message =
        assertThrows(Exception.class, () -> train(1, faults, 1, 2, 3, 4, 5, 6))
            .getCause()
            .getMessage();
    assertTrue(message.startsWith("step " + (6 - skippedBefore) + ": loss"), message);
  }

  @Test
  void labelsAndSkipsInARowAreApart() {
    Consumer<Trainer> faults =
        trainer -> {
          trainer.skipAtMost(1);
          trainer.spoil(step -> step == 1 || step == 3);
        };
    Exception thrown = assertThrows(Exception.class, () -> train(1, faults, 1, NO_LABELS, 3));
    assertTrue(thrown.getCause().getMessage().startsWith("step 3: loss"), thrown.toString());
  }
}
