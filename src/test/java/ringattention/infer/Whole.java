package ringattention.infer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.data.Sample;
import ringattention.device.Arena;
import ringattention.device.MemoryPlan;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ActivationPolicy;
import ringattention.model.AttentionKind;
import ringattention.model.FeedForwardKind;
import ringattention.model.ModelBuffers;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.parallel.HostCollectives;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** One forward of training over a whole text, in double precision on one rank. */
final class Whole {
  private Whole() {}

  /** Returns the logits behind every token, [tokens][vocabulary]. */
  static double[][] logits(ModelConfig model, long seed, int... tokens) {
    int[] positions = new int[tokens.length];
    Arrays.setAll(positions, i -> i);
    return outputs(
        model, seed, new Sample(tokens, new int[tokens.length], positions, new int[] {0}));
  }

  /** Returns the outputs at every position of a sample, [positions][outputs]. */
  static double[][] outputs(ModelConfig model, long seed, Sample sample) {
    return LocalCommunicator.run(1, world -> outputs(world, model, seed, sample)).get(0);
  }

  private static double[][] outputs(
      Communicator world, ModelConfig model, long seed, Sample sample) {
    int[] tokens = sample.tokens();
    ModelSetup setup =
        new ModelSetup(
            model,
            AttentionKind.RING,
            Mask.CAUSAL,
            LayoutKind.CONTIGUOUS,
            FeedForwardKind.FULL,
            1,
            tokens.length,
            Mesh.of(1, 1),
            tokens.length,
            1,
            1,
            false,
            false,
            ActivationPolicy.inputs(model.layers()),
            false);
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    MemoryPlan plan = new MemoryPlan();
    try (ReferenceDevice device = new ReferenceDevice()) {
      ModelBuffers.allocate(plan, setup, 0, device.compute(), device.sum());
      try (Arena arena = new Arena(device, plan)) {
        Replica replica =
            new Replica(
                setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
        replica.parameters().clear();
        Engines.fill(replica.weights(), model, seed);
        replica.load(new Sample[] {sample});
        List<double[]> all = new ArrayList<>();
        replica.transformer().logits(block -> all.add(device.read(block)));
        double[] flat = all.get(0);
        double[][] logits = new double[tokens.length][];
        for (int i = 0; i < tokens.length; i++) {
          logits[i] = Arrays.copyOfRange(flat, i * model.outputs(), (i + 1) * model.outputs());
        }
        return logits;
      }
    }
  }
}
