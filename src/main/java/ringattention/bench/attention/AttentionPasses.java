package ringattention.bench.attention;

import java.util.List;
import java.util.function.Consumer;
import ringattention.bench.MatrixRate;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Statistics;
import ringattention.validate.AttentionRunner;

/**
 * Times the passes of one attention problem, on one rank alone and in the ring. In every repeat one
 * after the other: what drifts on a shared machine drifts for all of them.
 */
public final class AttentionPasses {
  private final Repeats repeats;
  private final Communicator world;
  private final Device device;
  private final PhaseTimer timer;
  private final AttentionRunner alone;
  private final AttentionRunner ring;
  private final double scale;
  private final MatrixRate matrixRate;

  /**
   * @param scale work of the ring's problem over that of the one alone, whose times are multiplied
   *     by it
   */
  AttentionPasses(
      Repeats repeats,
      Communicator world,
      Device device,
      PhaseTimer timer,
      AttentionRunner alone,
      AttentionRunner ring,
      double scale,
      MatrixRate matrixRate) {
    this.repeats = repeats;
    this.world = world;
    this.device = device;
    this.timer = timer;
    this.alone = alone;
    this.ring = ring;
    this.scale = scale;
    this.matrixRate = matrixRate;
  }

  /** On every rank, both passes, so that everything has been allocated. Collective. */
  void warm() {
    for (AttentionRunner runner : List.of(alone, ring)) {
      Runnable both =
          () -> {
            runner.forward();
            runner.backward();
          };
      both.run();
      repeats.warm(both);
    }
  }

  /**
   * Every repeat of the ring begins with results that are NaN. Collective.
   *
   * @param flops of a pass over all ranks
   * @param pass enqueues it
   * @param unconnected the same without exchange
   */
  AttentionTimes measure(
      String name,
      double flops,
      Consumer<AttentionRunner> pass,
      Consumer<AttentionRunner> unconnected) {
    Runnable whole = () -> pass.accept(alone);
    Runnable part = () -> pass.accept(ring);
    Runnable compute = () -> unconnected.accept(ring);
    Communicator single = LocalCommunicator.single();
    boolean first = world.rank() == 0;
    int wholePasses = device.asynchronous() ? repeats.passes(world, whole) : 1;
    int passes = repeats.passes(world, part);
    AttentionTimes times = AttentionTimes.of(name, flops, repeats.repeats());
    double[] waits = new double[repeats.repeats()];
    double[] computing = new double[repeats.repeats()]; // of this rank
    for (int i = 0; i < waits.length; i++) {
      alone.poison();
      ring.poison();
      if (device.asynchronous()) {
        // on every GPU at once: the ring is as fast as the slowest, and none must be hotter than
        // another when it starts
        times.alone()[i] = scale * Repeats.slowest(world, repeats.own(world, wholePasses, whole));
        computing[i] = repeats.own(world, passes, compute);
        ring.poison();
        times.ring()[i] = Repeats.slowest(world, repeats.own(world, passes, part));
        waits[i] = times.ring()[i] - Repeats.slowest(world, computing[i]);
      } else {
        if (first) {
          times.alone()[i] = scale * repeats.own(single, 1, whole);
        }
        times.productRate()[i] = first ? matrixRate.measure() : Double.NaN;
        times.atOnce()[i] = scale * Repeats.slowest(world, repeats.own(world, 1, whole));
        timer.reset();
        times.ring()[i] = Repeats.slowest(world, repeats.own(world, 1, part));
        waits[i] =
            (timer.nanoseconds(Phase.RING_WAIT) + timer.nanoseconds(Phase.HEADS_EXCHANGE)) * 1e-9;
      }
    }
    double exposed = Repeats.slowest(world, Statistics.of(waits).median());
    double[] own = {Statistics.of(computing).median()};
    return times.withWait(
        exposed, world.gather(own).stream().mapToDouble(rank -> rank[0]).toArray());
  }
}
