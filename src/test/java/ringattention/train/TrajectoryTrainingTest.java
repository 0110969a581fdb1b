package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.data.HeldOutSamples;
import ringattention.data.Sample;
import ringattention.data.StepValues;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.LossUnit;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ActivationPolicy;
import ringattention.model.AttentionKind;
import ringattention.model.FeedForwardKind;
import ringattention.model.HeldOutLoss;
import ringattention.model.LossByPosition;
import ringattention.model.ModelBuffers;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.model.RopeScaling;
import ringattention.model.TrajectoryModel;
import ringattention.parallel.HostCollectives;
import ringattention.plan.Schedule;
import ringattention.plan.TrainConfig;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** Actions that follow from states are learned, the same on any number of ranks. */
class TrajectoryTrainingTest {
  private static final int SEQUENCE = 35; // the last step is cut
  private static final int BATCH = 4;
  private static final TrajectoryModel NUMBERS = new TrajectoryModel(3, 2, 9);
  private static final ModelConfig MODEL =
      new ModelConfig(
              9,
              16,
              1,
              new HeadCounts(2, 2, 8),
              40,
              10000,
              RopeScaling.NONE,
              1e-5,
              false,
              0.02,
              Optional.empty())
          .with(NUMBERS);

  private static final TrainConfig TRAIN =
      new TrainConfig(
          SEQUENCE,
          BATCH,
          0,
          1000,
          1,
          Schedule.CONSTANT,
          1e-2,
          1e-2,
          0,
          0,
          0,
          List.of(),
          0.9,
          0.99,
          1e-8,
          1,
          1,
          3,
          false);

  /** Random states; an action is a linear function of them, and nothing else tells it. */
  private record Linear() implements HeldOutSamples {
    @Override
    public Sample sample(long index) {
      Random random = new Random(index);
      int features = NUMBERS.features();
      float[] inputs = new float[SEQUENCE * features];
      float[] targets = new float[SEQUENCE * 2];
      int[] steps = new int[SEQUENCE];
      int[] labels = new int[SEQUENCE];
      int[] positions = new int[SEQUENCE];
      Arrays.fill(labels, Sample.NO_LABEL);
      for (int i = 0; i < SEQUENCE; i++) {
        positions[i] = i;
        steps[i] = i / 4;
        int first = i * features;
        inputs[first + 7 + i % 4] = 1;
        if (i % 4 == 1) {
          labels[i] = 0;
          float[] state = new float[3];
          for (int j = 0; j < 3; j++) {
            state[j] = random.nextFloat() * 2 - 1;
            inputs[first + 1 + j] = state[j];
          }
          targets[2 * i] = 0.5f * state[0] - 0.3f * state[2];
          targets[2 * i + 1] = 0.4f * state[1] + 0.4f * state[0];
        }
      }
      StepValues values = new StepValues(features, inputs, 2, targets);
      return new Sample(steps, labels, positions, new int[] {0}, Optional.of(values));
    }

    @Override
    public long sequences() {
      return 6;
    }

    @Override
    public long labels() {
      return sequences() * 9;
    }

    @Override
    public Optional<int[]> tokenBytes() {
      return Optional.empty();
    }

    @Override
    public long tokens() {
      return sequences() * SEQUENCE;
    }

    @Override
    public long documents() {
      return sequences();
    }

    @Override
    public String digest() {
      return "linear";
    }

    @Override
    public void close() {}
  }

  private record Trained(List<Double> losses, List<Long> labels, LossByPosition heldOut) {}

  private static ModelSetup setup(Mesh mesh, boolean packed, FeedForwardKind feedForward) {
    return new ModelSetup(
        MODEL,
        AttentionKind.RING,
        Mask.CAUSAL,
        LayoutKind.ZIGZAG,
        feedForward,
        5,
        5,
        mesh,
        SEQUENCE,
        BATCH / mesh.data() / 2,
        2,
        packed,
        false,
        ActivationPolicy.inputs(MODEL.layers()),
        true);
  }

  private static Trained train(Communicator world, ModelSetup setup, int steps) {
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    MemoryPlan plan = new MemoryPlan();
    ModelBuffers.allocate(plan, setup, world.rank(), DType.F32, DType.F32);
    try (Device device = new CpuDevice(1);
        Arena arena = new Arena(device, plan)) {
      Replica replica =
          new Replica(
              setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
      replica.parameters().initialize(1, 0.1);
      Trainer trainer =
          new Trainer(TRAIN, setup, world, replica, new Linear(), timer, System::nanoTime);
      List<StepResult> results = new ArrayList<>();
      while (trainer.step() < steps) {
        results.add(trainer.next());
      }
      LossByPosition heldOut =
          new HeldOutLoss(setup, world, replica, new Linear(), 0, timer).measure();
      assertEquals(plan.bytes() + device.workspaceBytes(List.of()), device.peakBytes());
      return new Trained(
          results.stream().map(StepResult::loss).toList(),
          results.stream().map(StepResult::labels).toList(),
          heldOut);
    }
  }

  private static Trained train(Mesh mesh, boolean packed, FeedForwardKind kind, int steps) {
    return LocalCommunicator.run(
            mesh.world(), world -> train(world, setup(mesh, packed, kind), steps))
        .get(0);
  }

  @Test
  void actionsThatFollowFromStatesAreLearned() {
    Trained trained = train(Mesh.of(1, 1), false, FeedForwardKind.BLOCKWISE, 300);
    double first = trained.losses().get(0);
    double last = trained.losses().get(299);
    assertTrue(first > 0.1, "the first is that of actions near 0: " + first);
    assertTrue(last < 0.002, "the last: " + last);
    assertEquals(9L * BATCH, trained.labels().get(0)); // 35 positions hold 9 states
    assertEquals(54, trained.heldOut().labels());
    assertEquals(last, trained.heldOut().loss(), 0.002);
    assertEquals(LossUnit.SQUARED_ERROR, trained.heldOut().unit());
  }

  /** Accumulated over two passes, too. */
  @ParameterizedTest
  @CsvSource({
    "2, 2, 1, false",
    "3, 3, 1, true",
    "4, 2, 1, false",
    "2, 1, 2, true",
    "4, 1, 2, false"
  })
  void anyRanksLearnTheSame(int ranks, int ring, int heads, boolean packed) {
    Trained alone = train(Mesh.of(1, 1), false, FeedForwardKind.FULL, 12);
    Trained many = train(Mesh.of(ranks, ring, heads), packed, FeedForwardKind.BLOCKWISE, 12);
    for (int i = 0; i < 12; i++) {
      assertEquals(alone.losses().get(i), many.losses().get(i), 2e-5, "step " + (i + 1));
    }
    assertEquals(alone.labels(), many.labels());
    assertEquals(alone.heldOut().labels(), many.heldOut().labels());
    assertEquals(alone.heldOut().loss(), many.heldOut().loss(), 2e-5);
  }

  @Test
  void numbersThatAreNotTheModelsAreRefused() {
    ModelSetup setup = setup(Mesh.of(1, 1), false, FeedForwardKind.FULL);
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    try (Device device = new CpuDevice(1);
        Arena arena = new Arena(device)) {
      Communicator world = LocalCommunicator.single();
      Replica replica =
          new Replica(
              setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
      Sample good = new Linear().sample(0);
      Sample none = new Sample(good.tokens(), good.labels(), good.positions(), good.documents());
      Sample narrow =
          new Sample(
              good.tokens(),
              good.labels(),
              good.positions(),
              good.documents(),
              Optional.of(new StepValues(8, new float[8 * SEQUENCE], 2, new float[2 * SEQUENCE])));
      for (Sample wrong : List.of(none, narrow)) {
        Sample[] samples = {good, wrong};
        assertThrows(IllegalArgumentException.class, () -> replica.load(samples));
      }
      replica.load(new Sample[] {good, good});
    }
  }
}
