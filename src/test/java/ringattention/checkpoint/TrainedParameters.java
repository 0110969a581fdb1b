package ringattention.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.cpu.CpuDevice;
import ringattention.input.InputException;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.HostCollectives;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardBuffers;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;
import ringattention.random.Seed;

/**
 * Parameters of odd sizes on one of several in-process ranks; every element of every state has a
 * value of its own.
 */
record TrainedParameters(Communicator world, Device device, ShardedParameters parameters) {
  static final List<ParameterGroup> GROUPS =
      List.of(
          new ParameterGroup(
              "a",
              List.of(
                  new Parameter("a.matrix", Parameter.Initial.NORMAL, 3, 5),
                  new Parameter("a.norm", Parameter.Initial.ONES, 7))),
          // more than a transfer and a buffer of a file take at once
          new ParameterGroup(
              "b", List.of(new Parameter("b.matrix", Parameter.Initial.NORMAL, 11, 200_003))),
          new ParameterGroup("c", List.of(new Parameter("c.norm", Parameter.Initial.ONES, 1))));

  /** As many as are more than a row, for numbers of ranks that do not divide them. */
  static final List<ParameterGroup> MEDIUM =
      List.of(
          GROUPS.get(0),
          new ParameterGroup(
              "b", List.of(new Parameter("b.matrix", Parameter.Initial.NORMAL, 11, 2003))),
          GROUPS.get(2));

  /** Those of few elements: for what does not depend on how many there are. */
  static final List<ParameterGroup> SMALL = List.of(GROUPS.get(0), GROUPS.get(2));

  private static final String INPUTS = "[model]\nhidden = 32\n\n[train]\nsteps = 20\n";

  static final Map<String, Map<String, String>> CONTENTS =
      Map.of("corpus", Map.of("digest", "0123"), "weights", Map.of());
  static final Map<String, String> CHOICES = Map.of("head groups", "2");

  /** The body's results in rank order. */
  static <T> List<T> onRanks(int ranks, Function<TrainedParameters, T> body) {
    return onRanks(GROUPS, ranks, body);
  }

  static <T> List<T> onRanks(
      List<ParameterGroup> groups, int ranks, Function<TrainedParameters, T> body) {
    return onRanks(groups, ranks, () -> new CpuDevice(1), body);
  }

  static <T> List<T> onRanks(
      List<ParameterGroup> groups,
      int ranks,
      Supplier<Device> make,
      Function<TrainedParameters, T> body) {
    return LocalCommunicator.run(
        ranks,
        world -> {
          try (Device device = make.get();
              Arena arena = new Arena(device)) {
            ShardBuffers buffers =
                ShardBuffers.allocate(
                    arena, groups, ranks, device.compute(), device.sum(), device.sum(), false);
            PhaseTimer timer = new PhaseTimer(System::nanoTime);
            ShardedParameters parameters =
                new ShardedParameters(
                    device,
                    world,
                    new HostCollectives(world, timer.timeline()),
                    groups,
                    buffers,
                    timer);
            parameters.clear();
            return body.apply(new TrainedParameters(world, device, parameters));
          }
        });
  }

  CheckpointWriter writer(Path run, int keep, Consumer<WrittenCheckpoint> written) {
    return writer(run, keep, System::nanoTime, written);
  }

  CheckpointWriter writer(
      Path run, int keep, LongSupplier clock, Consumer<WrittenCheckpoint> written) {
    return new CheckpointWriter(
        world,
        device,
        parameters,
        run,
        "test",
        keep,
        new Origin("ringattention 0", "abc", 1, INPUTS, CONTENTS, CHOICES),
        clock,
        written);
  }

  /** Writes complete checkpoints of these steps, one after the other. */
  static void save(Path run, int ranks, int keep, long... steps) {
    save(GROUPS, run, ranks, keep, steps);
  }

  static void save(List<ParameterGroup> groups, Path run, int ranks, int keep, long... steps) {
    onRanks(
        groups,
        ranks,
        rank -> {
          try (CheckpointWriter writer = rank.writer(run, keep, written -> {})) {
            for (long step : steps) {
              rank.set(step);
              writer.save(position(step));
            }
            writer.await();
          }
          return null;
        });
  }

  static TrainingPosition position(long step) {
    return new TrainingPosition(
        step,
        100 * step,
        2 * step,
        step - 1,
        1,
        new CurriculumPosition((int) step, step / 3.0, step + 2));
  }

  /** What a search on this rank finds: the step, or the message that refuses it. */
  String find(Path path, boolean fallback) {
    try {
      var result = new CheckpointSearch(world, fallback).find(path);
      try (Checkpoint checkpoint = result.checkpoint()) {
        long step = checkpoint.position().step();
        parameters.clear();
        checkpoint.load(parameters, world.rank(), world.size());
        requireValues(step);
        return String.join(";", result.passedOver()) + "step " + step;
      }
    } catch (InputException e) {
      return e.getMessage();
    }
  }

  /** Sets every state to the values it has after a step. */
  void set(long step) {
    for (State state : State.values()) {
      parameters.load(
          state,
          (parameter, index, into) -> {
            Seed numbers = numbers(step, state, parameter.name());
            for (int i = 0; i < into.capacity(); i++) {
              into.put(i, value(numbers, index + i));
            }
          });
    }
  }

  /** Demands the values of {@link #set}, to the bit, in every element of this rank. */
  void requireValues(long step) {
    for (State state : State.values()) {
      parameters.save(
          state, (parameter, index, values) -> check(step, state, parameter, index, values));
    }
  }

  private static void check(
      long step, State state, Parameter parameter, long index, FloatBuffer values) {
    Seed numbers = numbers(step, state, parameter.name());
    for (int i = 0; i < values.capacity(); i++) {
      float expected = value(numbers, index + i);
      if (values.get(i) != expected) {
        assertEquals(
            expected, values.get(i), state + " " + (index + i) + " of " + parameter.name());
      }
    }
  }

  private static Seed numbers(long step, State state, String parameter) {
    return Seed.of(step, parameter + state);
  }

  /** 24 bits, which single precision holds. */
  private static float value(Seed numbers, long index) {
    return (float) (numbers.bits(index) >>> 40);
  }

  static float value(long step, State state, String parameter, long index) {
    return value(numbers(step, state, parameter), index);
  }
}
