package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A group of ranks. Buffers are direct, in native byte order, and used from their position 0 to
 * their limit; a list of buffers is one message in pieces (a piece holds under 2 GiB). Every rank
 * of the group must make the same collective calls in the same order. A call is refused with {@link
 * IllegalArgumentException} when its own arguments do not fit (before anything is sent); every
 * other error surfaces as {@link CommunicationException}.
 */
public interface Communicator extends AutoCloseable {
  /** Element types of a reduction. */
  enum Element {
    F32(Float.BYTES),
    F64(Double.BYTES);

    private final int bytes;

    Element(int bytes) {
      this.bytes = bytes;
    }

    int bytes() {
      return bytes;
    }
  }

  /** How values combine. */
  enum Operation {
    SUM,
    MIN,
    MAX
  }

  /** Work in flight. */
  interface Request {
    /** Blocks until done; a second call returns at once. */
    void await();
  }

  int rank();

  int size();

  /** Name of the machine this rank runs on. */
  String host();

  /**
   * Ranks with the same color (0 or more) form a group, ordered by this group's rank. Collective.
   */
  Communicator split(int color);

  /** This rank alone, for the same kind of memory. Not collective. */
  Communicator self();

  void barrier();

  /**
   * Starts sending to one rank and receiving from another; both may be this rank. Neither buffer
   * may be touched before the request has been awaited. The receiver's pieces must have the sizes
   * of the sender's. An empty list is no message: it only sends, or only receives.
   */
  Request sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from);

  /**
   * Starts gathering equal parts from all ranks: {@code receive} becomes the parts in rank order,
   * each {@code send.remaining()} bytes.
   */
  Request allGather(ByteBuffer send, ByteBuffer receive);

  /**
   * Starts the same where the parts do not lie together: {@code receive} is one buffer for each
   * rank. So a range of every part moves where the whole is more than a buffer can hold.
   */
  Request allGather(ByteBuffer send, List<ByteBuffer> receive);

  /**
   * Starts a sum over ranks of {@code send}, of which this rank gets its part: {@code send} is
   * size() parts in rank order, each {@code receive.remaining()} bytes.
   */
  Request reduceScatter(Element element, ByteBuffer send, ByteBuffer receive);

  /**
   * Starts the same where the parts do not lie together: {@code send} is one buffer for each rank.
   */
  Request reduceScatter(Element element, List<ByteBuffer> send, ByteBuffer receive);

  /**
   * Combines the values of all ranks element by element, in place. A NaN of any rank makes the
   * result NaN, whatever the operation.
   */
  void allReduce(double[] values, Operation operation);

  /** One value of every rank, combined. Collective. */
  default double allReduce(double value, Operation operation) {
    double[] values = {value};
    allReduce(values, operation);
    return values[0];
  }

  /**
   * Bytes of every rank, in rank order, on rank 0; an empty list on the others. Sizes may differ.
   */
  List<byte[]> gather(byte[] bytes);

  /** Gathers numbers like {@link #gather(byte[])}. */
  default List<double[]> gather(double[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Double.BYTES));
    bytes.asDoubleBuffer().put(values);
    return gather(bytes.array()).stream()
        .map(
            received -> {
              double[] numbers = new double[received.length / Double.BYTES];
              ByteBuffer.wrap(received).asDoubleBuffer().get(numbers);
              return numbers;
            })
        .toList();
  }

  /** Rank 0's bytes on every rank. Other ranks' argument is ignored and may be null. */
  byte[] broadcast(byte[] bytes);

  /** Takes the whole job down with this exit code; does not return on a real MPI. */
  void abort(int exitCode);

  /** One line for the log: library, version, whether device pointers may be sent. */
  String description();

  @Override
  void close();
}
