package ringattention.parallel;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import ringattention.comm.Communicator;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.Tensor;
import ringattention.metrics.Timeline;
import ringattention.metrics.Track;

/**
 * Collectives that the host starts: it waits until they may start, and for their end. Wholes larger
 * than a piece go one range of all parts after the other, each awaited before the next, so that all
 * ranks make the same calls in the same order; only the last is beside the work that follows.
 */
public final class HostCollectives implements Collectives {
  /** Well below the 2 GiB that a buffer can address and a message can count. */
  private static final long PIECE = 1L << 30;

  private final Communicator world;
  private final Timeline timeline;
  private final long pieceBytes;

  /**
   * @param world for the device's memory
   * @param timeline where gathers are recorded
   */
  public HostCollectives(Communicator world, Timeline timeline) {
    this(world, timeline, PIECE);
  }

  /**
   * @param pieceBytes of all ranks' parts, the most that one collective moves
   */
  HostCollectives(Communicator world, Timeline timeline, long pieceBytes) {
    this.world = world;
    this.timeline = timeline;
    this.pieceBytes = pieceBytes;
  }

  @Override
  public Completion allGather(Tensor part, Tensor whole, Completion after) {
    after.await();
    Timeline.Flight flight = timeline.begin(Track.PARAMETERS, () -> "gather");
    Communicator.Request request =
        inPieces(
            part,
            whole,
            () -> world.allGather(part.buffer(), whole.buffer()),
            (range, ranges) -> world.allGather(range, ranges));
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
    Communicator.Request request =
        inPieces(
            part,
            whole,
            () -> world.reduceScatter(element, whole.buffer(), part.buffer()),
            (range, ranges) -> world.reduceScatter(element, ranges, range));
    return once(request::await);
  }

  /**
   * {@inheritDoc} Every rank sends to the one so many places behind it in the group while it
   * receives from the one as many before it, so that all pairs are busy at a time, and all ranks
   * make their messages in one order.
   */
  @Override
  public Completion allToAll(List<Part> parts, Completion after) {
    after.await();
    Timeline.Flight flight = timeline.begin(Track.HEADS, () -> "all-to-all");
    int before = (int) parts.stream().filter(part -> part.rank() < world.rank()).count();
    List<Communicator.Request> requests = new ArrayList<>();
    for (int places = 0; places < parts.size(); places++) {
      Part to = parts.get((before + places) % parts.size());
      Part from = parts.get(Math.floorMod(before - 1 - places, parts.size()));
      requests.add(
          world.sendReceive(pieces(to.send()), to.rank(), pieces(from.receive()), from.rank()));
    }
    return once(
        () -> {
          requests.forEach(Communicator.Request::await);
          flight.landed();
        });
  }

  @Override
  public Collectives split(int color) {
    return new HostCollectives(world.split(color), timeline, pieceBytes);
  }

  private static List<ByteBuffer> pieces(List<Tensor> tensors) {
    return tensors.stream().flatMap(tensor -> Arrays.stream(tensor.buffers())).toList();
  }

  /** Starts a collective over the same range of every rank's part. */
  private interface Piece {
    /**
     * @param range of this rank's own part
     * @param ranges of all ranks' parts of the whole, in rank order
     */
    Communicator.Request start(ByteBuffer range, List<ByteBuffer> ranges);
  }

  /**
   * @param part [elements]
   * @param whole [ranks * elements]
   */
  private Communicator.Request inPieces(
      Tensor part, Tensor whole, Supplier<Communicator.Request> atOnce, Piece piece) {
    if (whole.bytes() <= pieceBytes) {
      return atOnce.get();
    }
    long elements = part.elements();
    long step = Math.max(1, pieceBytes / world.size() / part.dtype().bytes());
    Communicator.Request last = null;
    for (long from = 0; from < elements; from += step) {
      if (last != null) {
        last.await();
      }
      long first = from;
      long count = Math.min(step, elements - from);
      List<ByteBuffer> ranges =
          LongStream.range(0, world.size())
              .map(rank -> rank * elements + first)
              .mapToObj(start -> whole.slice(start, start + count).buffer())
              .toList();
      last = piece.start(part.slice(from, from + count).buffer(), ranges);
    }
    return last;
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
