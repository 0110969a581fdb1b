package ringattention.bench;

import ringattention.comm.Communicator;
import ringattention.comm.ThrottledCommunicator;
import ringattention.config.BenchOverlapConfig;
import ringattention.config.LayoutKind;
import ringattention.device.Device;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Statistics;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionRunner;

/**
 * Measures attention of one block size: on every rank alone, and in the ring over networks of
 * several bandwidths. In every repeat one network after the other: what drifts drifts for all.
 */
final class OverlapPasses {
  /**
   * A pass in the ring.
   *
   * @param passS seconds with the exchange
   * @param waitS seconds of it that the exchange was not hidden
   */
  record Wait(double passS, double waitS) {
    double fraction() {
      return waitS / passS;
    }
  }

  private final BenchOverlapConfig config;
  private final ThrottledCommunicator world;
  private final Device device;
  private final Repeats repeats;
  private final PhaseTimer timer;

  OverlapPasses(
      BenchOverlapConfig config,
      ThrottledCommunicator world,
      Device device,
      Repeats repeats,
      PhaseTimer timer) {
    this.config = config;
    this.world = world;
    this.device = device;
    this.repeats = repeats;
    this.timer = timer;
  }

  /**
   * Seconds of a block's passes where nothing is exchanged: the slowest rank's, all at once.
   * Collective.
   */
  double[] alone(int tokens) {
    double[] seconds = new double[RingPass.values().length];
    try (AttentionRunner alone = runner(tokens, 1, world.self())) {
      warm(alone);
      for (RingPass pass : RingPass.values()) {
        Runnable work = () -> pass.run(alone);
        seconds[pass.ordinal()] = repeats.median(world, repeats.passes(world, work), work);
      }
    }
    return seconds;
  }

  AttentionRunner ring(int tokens) {
    world.limit(0);
    AttentionRunner ring = runner(tokens, world.size(), world);
    warm(ring);
    return ring;
  }

  /** One for each bandwidth. Collective. */
  Wait[] waits(AttentionRunner ring, RingPass pass) {
    int networks = config.bandwidths().size();
    Runnable work = () -> pass.run(ring);
    Runnable unconnected = () -> pass.runUnconnected(ring);
    int[] passes = new int[networks];
    for (int i = 0; i < networks; i++) {
      limit(i);
      passes[i] = repeats.passes(world, work);
    }
    double[][] seconds = new double[networks][repeats.repeats()];
    double[][] waits = new double[networks][repeats.repeats()];
    for (int repeat = 0; repeat < repeats.repeats(); repeat++) {
      double compute = device.asynchronous() ? slowest(passes[0], unconnected) : 0;
      for (int i = 0; i < networks; i++) {
        limit(i);
        timer.reset();
        seconds[i][repeat] = slowest(passes[i], work);
        waits[i][repeat] =
            device.asynchronous()
                ? seconds[i][repeat] - compute
                : least(timer.nanoseconds(Phase.RING_WAIT) * 1e-9 / passes[i]);
      }
    }
    Wait[] medians = new Wait[networks];
    for (int i = 0; i < networks; i++) {
      medians[i] =
          new Wait(Statistics.of(seconds[i]).median(), Statistics.of(waits[i]).median());
    }
    return medians;
  }

  /** Wrong results of one more run over the slowest network, on rank 0. Collective. */
  long wrong(AttentionRunner ring) {
    double slowest =
        config.bandwidths().stream().filter(limit -> limit > 0).min(Double::compare).orElse(0.0);
    world.limit(slowest * 1e9);
    ring.poison();
    ring.forward();
    ring.backward();
    return ring.wrong();
  }

  /** Lets messages go over one of the networks. */
  void limit(int network) {
    world.limit(config.bandwidths().get(network) * 1e9);
  }

  private double slowest(int passes, Runnable work) {
    return Repeats.slowest(world, repeats.own(world, passes, work));
  }

  /** A rank that is early waits for the others, too; the one that waits least for messages only. */
  private double least(double ownSeconds) {
    double[] seconds = {ownSeconds};
    world.allReduce(seconds, Communicator.Operation.MIN);
    return seconds[0];
  }

  private void warm(AttentionRunner runner) {
    Runnable both =
        () -> {
          runner.forward();
          runner.backward();
        };
    both.run();
    repeats.warm(both);
  }

  private AttentionRunner runner(int tokens, int ranks, Communicator group) {
    AttentionProblem problem =
        new AttentionProblem(
            Math.multiplyExact(tokens, ranks),
            1,
            config.heads(),
            config.keyValueHeads(),
            config.headSize(),
            config.mask(),
            LayoutKind.ZIGZAG,
            1);
    return AttentionRunner.ring(problem, group, device, device.compute(), timer);
  }
}
