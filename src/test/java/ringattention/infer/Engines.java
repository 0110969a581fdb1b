package ringattention.infer;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;
import ringattention.metrics.PhaseTimer;
import ringattention.model.AttentionDetails;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;
import ringattention.parallel.HostCollectives;
import ringattention.parallel.LoadableWeights;
import ringattention.parallel.Parameter;
import ringattention.random.Seed;
import ringattention.shard.LayoutKind;

/** Engines over ranks that are threads of the test. */
record Engines(
    ModelConfig model, LayoutKind layout, int slots, int rows, int chunk, boolean resident) {
  static final long SEED = 3;

  /** A Llama of two layers with grouped queries. */
  static ModelConfig small() {
    return small(RopeScaling.NONE);
  }

  static ModelConfig small(RopeScaling scaling) {
    return new ModelConfig(
        23, 12, 2, new HeadCounts(4, 2, 6), 10, 100, scaling, 1e-5, false, 0.3, Optional.empty());
  }

  /** A model with biases and norms of queries and keys, and heads of a size of their own. */
  static ModelConfig withDetails(boolean bias, boolean norm) {
    return small().with(new AttentionDetails(bias, norm, 0));
  }

  /** Sets weights; biases and norms, where there are such of queries, far from zeros and ones. */
  static void fill(LoadableWeights weights, ModelConfig model, long seed) {
    if (model.details().equals(AttentionDetails.NONE)) {
      weights.initialize(seed, model.initStd());
      return;
    }
    weights.clear();
    weights.load(
        (parameter, index, into) -> {
          Seed numbers = Seed.of(seed, parameter.name());
          int center = parameter.initial() == Parameter.Initial.ONES ? 1 : 0;
          for (long i = index; into.hasRemaining(); i++) {
            into.put(center + 0.5f * (numbers.bits(i) >> 40) / (1 << 23));
          }
        });
  }

  EngineShape shape(int ranks) {
    return new EngineShape(model, ranks, layout, 5, slots, rows, chunk, resident);
  }

  /** Runs the same on every rank, with a cache full of NaN; returns what each has returned. */
  <T> List<T> run(int ranks, Supplier<Device> make, Function<RingEngine, T> work) {
    EngineShape shape = shape(ranks);
    return LocalCommunicator.run(
        ranks,
        world -> {
          PhaseTimer timer = new PhaseTimer(System::nanoTime);
          MemoryPlan plan = new MemoryPlan();
          try (Device device = make.get()) {
            EngineBuffers.allocate(plan, shape, world.rank(), device.compute(), device.sum());
            try (Arena arena = new Arena(device, plan);
                RingEngine engine =
                    new RingEngine(
                        shape,
                        world,
                        new HostCollectives(world, timer.timeline()),
                        device,
                        arena,
                        timer)) {
              fill(engine.weights(), model, SEED);
              engine.poison();
              return work.apply(engine);
            }
          }
        });
  }

  /** Does the same with sequences of trajectories side by side; chunk must be 0. */
  <T> List<T> runTrajectories(
      int ranks,
      Supplier<Device> make,
      int sequences,
      int most,
      Function<RingTrajectories, T> work) {
    EngineShape shape = shape(ranks);
    return LocalCommunicator.run(
        ranks,
        world -> {
          PhaseTimer timer = new PhaseTimer(System::nanoTime);
          MemoryPlan plan = new MemoryPlan();
          try (Device device = make.get()) {
            EngineBuffers.allocate(plan, shape, world.rank(), device.compute(), device.sum());
            try (Arena arena = new Arena(device, plan);
                RingTrajectories engine =
                    new RingTrajectories(
                        shape,
                        world,
                        new HostCollectives(world, timer.timeline()),
                        device,
                        arena,
                        timer,
                        sequences,
                        most)) {
              fill(engine.weights(), model, SEED);
              engine.poison();
              return work.apply(engine);
            }
          }
        });
  }
}
