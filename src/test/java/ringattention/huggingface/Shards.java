package ringattention.huggingface;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;
import ringattention.parallel.HostCollectives;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardBuffers;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;

/** A small Llama with odd sizes and grouped heads, on in-process ranks. */
final class Shards {
  private Shards() {}

  static ModelConfig model(boolean tied) {
    return new ModelConfig(
        259,
        15,
        2,
        new HeadCounts(4, 2, 6),
        23,
        10000,
        RopeScaling.NONE,
        1e-5,
        tied,
        0.02,
        Optional.empty());
  }

  /** Without a head where it is the embedding. */
  static List<ParameterGroup> groups(boolean tied) {
    return LlamaParameters.groups(model(tied)).stream()
        .map(
            group ->
                new ParameterGroup(
                    group.name(),
                    group.parameters().stream()
                        .filter(parameter -> !tied || !parameter.name().equals("lm_head.weight"))
                        .toList()))
        .toList();
  }

  /** Runs the body on parameters that are all zero. */
  static <T> List<T> onRanks(
      int ranks, boolean tied, BiFunction<Communicator, ShardedParameters, T> body) {
    return onRanks(ranks, groups(tied), body);
  }

  /** Runs the body on parameters of a model's groups that are all zero. */
  static <T> List<T> onRanks(
      int ranks, List<ParameterGroup> groups, BiFunction<Communicator, ShardedParameters, T> body) {
    return LocalCommunicator.run(
        ranks,
        rank -> {
          try (Device device = new ReferenceDevice();
              Arena arena = new Arena(device)) {
            PhaseTimer timer = new PhaseTimer(System::nanoTime);
            ShardBuffers buffers =
                ShardBuffers.allocate(
                    arena, groups, ranks, device.compute(), device.sum(), device.sum(), false);
            ShardedParameters parameters =
                new ShardedParameters(
                    device,
                    rank,
                    new HostCollectives(rank, timer.timeline()),
                    groups,
                    buffers,
                    timer);
            parameters.clear();
            return body.apply(rank, parameters);
          }
        });
  }

  /** A value for every element, none like its neighbours; bf16 cannot hold most of them. */
  static float value(Parameter parameter, long index) {
    return (parameter.name().hashCode() % 1000 + index) / 777f;
  }

  static void fill(ShardedParameters parameters) {
    parameters.load(
        State.WEIGHT,
        (parameter, index, into) -> {
          for (long i = index; into.hasRemaining(); i++) {
            into.put(value(parameter, i));
          }
        });
  }

  /** What this rank holds, by name; NaN elsewhere. */
  static Map<String, float[]> held(ShardedParameters parameters) {
    Map<String, float[]> held = new LinkedHashMap<>();
    parameters.save(
        State.WEIGHT,
        (parameter, index, values) -> {
          float[] all = held.computeIfAbsent(parameter.name(), name -> unknown(parameter));
          FloatBuffer.wrap(all).position((int) index).put(values);
        });
    return held;
  }

  private static float[] unknown(Parameter parameter) {
    float[] all = new float[(int) parameter.elements()];
    Arrays.fill(all, Float.NaN);
    return all;
  }
}
