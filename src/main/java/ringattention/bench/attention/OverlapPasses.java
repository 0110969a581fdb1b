package ringattention.bench.attention;

import java.util.ArrayList;
import java.util.List;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.comm.ThrottledCommunicator;
import ringattention.device.Device;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Statistics;
import ringattention.shard.LayoutKind;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionRunner;

/**
 * Measures attention of one block size: on every rank alone, and in the ring over networks of
 * several bandwidths. In every repeat one network after the other: what drifts drifts for all.
 */
public final class OverlapPasses {
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

  /**
   * A pass of one block size.
   *
   * @param blockS seconds of one block where nothing is exchanged: the slowest rank's, all at once
   * @param waits one for each network
   * @param calm how undisturbed it was
   */
  record Measured(double blockS, List<Wait> waits, Calm calm) {}

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

  /** Attention of one block on each rank alone. The caller closes it. */
  AttentionRunner alone(int tokens) {
    return warmed(runner(tokens, 1, world.self()));
  }

  /** Attention of a block on each rank, in the ring. The caller closes it. Collective. */
  AttentionRunner ring(int tokens) {
    world.limit(0);
    return warmed(runner(tokens, world.size(), world));
  }

  /** Collective. */
  Measured measure(AttentionRunner alone, AttentionRunner ring, RingPass pass) {
    int networks = config.bandwidths().size();
    Runnable block = () -> pass.run(alone);
    Runnable work = () -> pass.run(ring);
    Runnable unconnected = () -> pass.runUnconnected(ring);
    int blockPasses = repeats.passes(world, block);
    int[] passes = new int[networks];
    for (int i = 0; i < networks; i++) {
      limit(i);
      passes[i] = repeats.passes(world, work);
    }
    double[] blocks = new double[repeats.repeats()];
    double[][] seconds = new double[networks][repeats.repeats()];
    double[][] waits = new double[networks][repeats.repeats()];
    CoreTime before = CoreTime.now();
    for (int repeat = 0; repeat < repeats.repeats(); repeat++) {
      blocks[repeat] = slowest(blockPasses, block);
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
    Calm calm = Calm.since(before, world, scatter(blocks));
    List<Wait> medians = new ArrayList<>();
    for (int i = 0; i < networks; i++) {
      medians.add(new Wait(Statistics.of(seconds[i]).median(), Statistics.of(waits[i]).median()));
      calm = calm.and(new Calm(calm.waited(), scatter(seconds[i])));
    }
    return new Measured(Statistics.of(blocks).median(), medians, calm);
  }

  private static double scatter(double... seconds) {
    Statistics over = Statistics.of(seconds);
    return over.max() / over.min();
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
  private void limit(int network) {
    world.limit(config.bandwidths().get(network) * 1e9);
  }

  private double slowest(int passes, Runnable work) {
    return Repeats.slowest(world, repeats.own(world, passes, work));
  }

  /** A rank that is early waits for the others, too; the one that waits least for messages only. */
  private double least(double ownSeconds) {
    return world.allReduce(ownSeconds, Communicator.Operation.MIN);
  }

  private AttentionRunner warmed(AttentionRunner runner) {
    Runnable both =
        () -> {
          runner.forward();
          runner.backward();
        };
    both.run();
    repeats.warm(both);
    return runner;
  }

  private AttentionRunner runner(int tokens, int ranks, Communicator group) {
    AttentionProblem problem =
        new AttentionProblem(
            Math.multiplyExact(tokens, ranks),
            1,
            config.heads(),
            config.mask(),
            LayoutKind.ZIGZAG,
            1);
    return AttentionRunner.ring(problem, group, device, device.compute(), timer);
  }
}
