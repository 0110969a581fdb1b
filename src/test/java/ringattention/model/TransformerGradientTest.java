package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Allocator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.AloneCollectives;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.random.Seed;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.validate.TransformerProblem;

/**
 * The hand-written backward of the whole vanilla Transformer, which all else is held against, by
 * central differences.
 */
class TransformerGradientTest {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE =
      1e-7; // step^2 times third derivatives, and loss rounding / step
  private static final Kernels.AdamW NO_CHANGE = new Kernels.AdamW(0, 0.9, 0.9, 1e-8, 0, 1, 1);

  @ParameterizedTest
  @CsvSource({
    "CAUSAL, false, 1, false, false",
    "FULL, false, 1, false, false",
    "CAUSAL, true, 1, false, false",
    "CAUSAL, false, 1.7, false, false",
    "CAUSAL, true, 1, true, false",
    "CAUSAL, false, 1.7, false, true",
    "FULL, false, 1, true, true"
  })
  void everyParameterHasTheGradientOfItsDifferences(
      Mask mask, boolean tied, double magnitude, boolean bias, boolean norm) {
    ModelConfig model =
        new ModelConfig(
            61,
            24,
            2,
            new HeadCounts(4, 2, 6),
            40,
            10000,
            magnitude == 1 ? RopeScaling.NONE : new YarnRope(4, 7, magnitude, 2, 0.1, false),
            1e-5,
            tied,
            0.15,
            new AttentionDetails(bias, norm, 0),
            Optional.empty());
    check(new TransformerProblem(model, 13, 2, mask, LayoutKind.CONTIGUOUS, 11));
  }

  /** Of the embeddings of numbers, and of an action head with its bias; 13 cuts the last step. */
  @ParameterizedTest
  @EnumSource(Mask.class)
  void everyParameterOfAModelOfTrajectoriesToo(Mask mask) {
    check(TransformerProblem.small(13, 2, mask, LayoutKind.CONTIGUOUS, 11).ofTrajectories());
  }

  private static void check(TransformerProblem problem) {
    ModelConfig model = problem.model();
    Map<String, Tensor> buffers = new HashMap<>();
    try (Device device = new ReferenceDevice();
        Arena arena = new Arena(device)) {
      Allocator recording =
          (name, purpose, dtype, dims) -> {
            Tensor tensor = arena.allocate(name, purpose, dtype, dims);
            buffers.put(name, tensor);
            return tensor;
          };
      PhaseTimer timer = new PhaseTimer(System::nanoTime);
      Replica replica =
          new Replica(
              problem.vanilla(),
              LocalCommunicator.single(),
              new AloneCollectives(device),
              device,
              recording,
              timer);
      replica.parameters().initialize(problem.seed(), problem.model().initStd());
      stir(replica, device, buffers);
      replica.load(problem.sequences());
      replica.lossAndGradients(problem.scale());
      int checked = 0;
      for (int index = 0; index < replica.parameters().groups().size(); index++) {
        ParameterGroup group = replica.parameters().groups().get(index);
        Tensor weights = buffers.get("parameters." + group.name() + ".weight");
        replica.parameters().update(NO_CHANGE, parameter -> true);
        replica.lossAndGradients(problem.scale());
        double[] gradients = replica.parameters().gatherGradient(index);
        for (Parameter parameter : group.parameters()) {
          for (int pick = 0; pick < 3; pick++) {
            long bits = Seed.of(pick, parameter.name()).bits(0);
            long element =
                group.offset(parameter) + Long.remainderUnsigned(bits, parameter.elements());
            double difference =
                (loss(problem, replica, device, weights.slice(element, element + 1), STEP)
                        - loss(
                            problem, replica, device, weights.slice(element, element + 1), -STEP))
                    / (2 * STEP);
            assertEquals(
                difference, gradients[(int) element], TOLERANCE, parameter.name() + " " + element);
            checked++;
          }
        }
      }
      int ofBlock =
          9
              + (model.details().queryKeyValueBias() ? 3 : 0)
              + (model.details().queryKeyNorm() ? 2 : 0);
      int ofEnds = model.trajectories().isPresent() ? 5 : model.tied() ? 2 : 3;
      assertEquals(3 * (2 * ofBlock + ofEnds), checked);
    }
  }

  /** Moves biases and norms away from zeros and ones, of which a wrong one would go unnoticed. */
  private static void stir(Replica replica, Device device, Map<String, Tensor> buffers) {
    for (ParameterGroup group : replica.parameters().groups()) {
      Tensor weights = buffers.get("parameters." + group.name() + ".weight");
      for (Parameter parameter : group.parameters()) {
        if (parameter.shape().length == 1) {
          long offset = group.offset(parameter);
          Tensor part = weights.slice(offset, offset + parameter.elements());
          double[] values = device.read(part);
          Seed noise = Seed.of(5, parameter.name());
          Arrays.setAll(values, i -> values[i] + 0.3 * (noise.bits(i) >> 40) / (1 << 23));
          device.write(part, values);
        }
      }
    }
  }

  /** The loss with one weight moved. */
  private static double loss(
      TransformerProblem problem, Replica replica, Device device, Tensor weight, double step) {
    double value = device.read(weight)[0];
    device.write(weight, value + step);
    replica.parameters().update(NO_CHANGE, parameter -> true); // gathered copies are stale
    double loss = replica.lossAndGradients(problem.scale()) * problem.scale();
    device.write(weight, value);
    double least = problem.model().trajectories().isPresent() ? 0.1 : 1; // squares of 1 at most
    assertTrue(loss > least && loss < 10, "a model that computes nothing has no loss");
    return loss;
  }
}
