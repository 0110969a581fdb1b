package ringattention.parallel;

import ringattention.comm.Communicator;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.Tensor;
import ringattention.metrics.Timeline;
import ringattention.metrics.Track;

/** Collectives that the host starts: it waits until they may start, and for their end. */
public final class HostCollectives implements Collectives {
  private final Communicator world;
  private final Timeline timeline;

  /**
   * @param world for the device's memory
   * @param timeline where gathers are recorded
   */
  public HostCollectives(Communicator world, Timeline timeline) {
    this.world = world;
    this.timeline = timeline;
  }

  @Override
  public Completion allGather(Tensor part, Tensor whole, Completion after) {
    after.await();
    Timeline.Flight flight = timeline.begin(Track.PARAMETERS, () -> "gather");
    Communicator.Request request = world.allGather(part.buffer(), whole.buffer());
    return once(
        () -> {
          request.await();
          flight.landed();
        });
  }

  @Override
  public Completion reduceScatter(Tensor whole, Tensor part, Completion after) {
    after.await();
    Communicator.Element element =
        part.dtype() == DType.F64 ? Communicator.Element.F64 : Communicator.Element.F32;
    if (part.dtype() != DType.F64 && part.dtype() != DType.F32) {
      throw new IllegalArgumentException("the host does not sum " + part);
    }
    return once(world.reduceScatter(element, whole.buffer(), part.buffer())::await);
  }

  /** A completion may be awaited more than once. */
  private static Completion once(Runnable wait) {
    boolean[] over = {false};
    return () -> {
      if (!over[0]) {
        over[0] = true;
        wait.run();
      }
    };
  }
}
