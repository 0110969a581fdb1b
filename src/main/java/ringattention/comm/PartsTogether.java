package ringattention.comm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import ringattention.comm.Communicator.Element;
import ringattention.comm.Communicator.Request;

/**
 * Collectives of parts that lie apart, by a communicator whose parts must lie together: by way of a
 * buffer, in steps of its size. Each step is awaited before the next, so that all ranks make the
 * same calls in the same order; only the last is in flight when a call returns.
 */
final class PartsTogether {
  private final Communicator ranks;
  private final int stepBytes;
  private final Queue<ByteBuffer> free = new ArrayDeque<>();

  /**
   * @param ranks for host memory
   * @param bufferBytes of all ranks' parts in one step
   */
  PartsTogether(Communicator ranks, int bufferBytes) {
    this.ranks = ranks;
    this.stepBytes =
        Math.max(Double.BYTES, bufferBytes / ranks.size() / Double.BYTES * Double.BYTES);
  }

  /** Starts {@link Communicator#allGather(ByteBuffer, List)}. */
  Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
    Arguments.requireParts("allGather", send, receive, ranks.size());
    ByteBuffer part = Arguments.slice(send);
    List<ByteBuffer> apart = Arguments.slices(receive);
    return inSteps(
        part.remaining(),
        (from, bytes, together) -> {
          Request gathered = ranks.allGather(part.slice(from, bytes), together);
          return () -> {
            gathered.await();
            for (int rank = 0; rank < apart.size(); rank++) {
              apart.get(rank).put(from, together, rank * bytes, bytes);
            }
          };
        });
  }

  /** Starts {@link Communicator#reduceScatter(Element, List, ByteBuffer)}. */
  Request reduceScatter(Element element, List<ByteBuffer> send, ByteBuffer receive) {
    Arguments.requireParts("reduceScatter", receive, send, ranks.size());
    Arguments.requireElements(element, receive);
    List<ByteBuffer> apart = Arguments.slices(send);
    ByteBuffer part = Arguments.slice(receive);
    return inSteps(
        part.remaining(),
        (from, bytes, together) -> {
          for (int rank = 0; rank < apart.size(); rank++) {
            together.put(rank * bytes, apart.get(rank), from, bytes);
          }
          return ranks.reduceScatter(element, together, part.slice(from, bytes));
        });
  }

  /** Starts a collective over a range of every rank's part. */
  private interface Step {
    /**
     * @param from byte of a part
     * @param together room for this many bytes of each rank, in rank order
     */
    Request start(int from, int bytes, ByteBuffer together);
  }

  private Request inSteps(int partBytes, Step step) {
    int from = 0;
    Flight last;
    do {
      int bytes = Math.min(stepBytes, partBytes - from);
      ByteBuffer buffer = free.isEmpty() ? allocate() : free.remove();
      last = new Flight(step.start(from, bytes, buffer.slice(0, bytes * ranks.size())), buffer);
      from += bytes;
      if (from < partBytes) {
        last.await();
      }
    } while (from < partBytes);
    return last;
  }

  private ByteBuffer allocate() {
    int bytes = Math.multiplyExact(stepBytes, ranks.size());
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /** A step, and the buffer that is free again once it has been awaited. */
  private final class Flight implements Request {
    private final Request request;
    private ByteBuffer buffer; // null once awaited

    Flight(Request request, ByteBuffer buffer) {
      this.request = request;
      this.buffer = buffer;
    }

    @Override
    public void await() {
      if (buffer != null) {
        request.await();
        free.add(buffer);
        buffer = null;
      }
    }
  }
}
