package ringattention.bench.attention;

import java.util.function.LongSupplier;
import ringattention.bench.Repeats;
import ringattention.bench.training.BenchScalingConfig;
import ringattention.comm.Communicator;
import ringattention.device.Device;
import ringattention.metrics.AttentionFlops;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Statistics;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionRunner;

/** Forward and backward of ring attention over some ranks, for {@code bench scaling}. */
public final class AttentionScaling {
  /**
   * What a sequence took.
   *
   * @param seconds of a pass: median over the repeats of the slowest rank's time
   * @param flops of a pass over all ranks
   * @param wrong sampled results, on rank 0
   */
  public record Pass(double seconds, double flops, long wrong) {}

  private final BenchScalingConfig config;
  private final LayoutKind layout;
  private final Device device;
  private final PhaseTimer timer;
  private final Repeats repeats;

  /**
   * @param clock in nanoseconds
   */
  public AttentionScaling(
      BenchScalingConfig config,
      LayoutKind layout,
      Device device,
      PhaseTimer timer,
      LongSupplier clock) {
    this.config = config;
    this.layout = layout;
    this.device = device;
    this.timer = timer;
    this.repeats =
        Repeats.of(config.warmup(), config.repeats(), clock, device).resting(config.rest());
  }

  /**
   * Causal attention of one sequence. Every repeat begins with results that are NaN. Called by the
   * ranks of the group.
   *
   * @param ranks for the device's memory
   */
  public Pass measure(int tokens, Communicator ranks) {
    AttentionProblem problem =
        new AttentionProblem(tokens, 1, config.heads(), Mask.CAUSAL, layout, 1);
    try (AttentionRunner ring =
        AttentionRunner.ring(problem, ranks, device, device.compute(), timer)) {
      Runnable pass =
          () -> {
            ring.forward();
            ring.backward();
          };
      pass.run();
      repeats.warm(pass);
      int passes = repeats.passes(ranks, pass);
      double[] seconds = new double[repeats.repeats()];
      for (int i = 0; i < seconds.length; i++) {
        ring.poison();
        seconds[i] = Repeats.slowest(ranks, repeats.own(ranks, passes, pass));
      }
      AttentionFlops flops =
          new AttentionFlops(config.heads().query(), config.heads().size(), true);
      return new Pass(
          Statistics.of(seconds).median(), flops.forwardAndBackward(1, tokens), ring.wrong());
    }
  }
}
