package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One hop around a ring: a message to the next rank while one arrives from the rank before. Used
 * out of order it refuses, because a mixed-up ring gives wrong numbers, not errors.
 */
public final class RingExchange {
  private final Communicator ring;
  private volatile Communicator.Request posted; // null when nothing is in flight
  private volatile Communicator.Request awaited; // null unless it is being waited for
  private volatile long exchanges;
  private long bytesSent;

  /**
   * @param ring the ranks in the ring's order
   */
  public RingExchange(Communicator ring) {
    this.ring = ring;
  }

  public int rank() {
    return ring.rank();
  }

  public int size() {
    return ring.size();
  }

  /**
   * Starts sending to the next rank and receiving from the one before. The buffers belong to the
   * exchange until {@link #await}.
   *
   * @param send one message in pieces
   * @param receive where the message of the rank before goes, in pieces of its sizes
   * @throws IllegalStateException if an exchange is in flight, or if the ring has one rank only
   */
  public void post(List<ByteBuffer> send, List<ByteBuffer> receive) {
    if (ring.size() == 1) {
      throw new IllegalStateException("a ring of one rank has nobody to exchange with");
    }
    if (posted != null) {
      throw new IllegalStateException("posted twice without an await between");
    }
    int next = (ring.rank() + 1) % ring.size();
    int previous = (ring.rank() + ring.size() - 1) % ring.size();
    posted = ring.sendReceive(send, next, receive, previous);
    exchanges = exchanges + 1;
    bytesSent += send.stream().mapToLong(ByteBuffer::remaining).sum();
  }

  /**
   * Blocks until the posted exchange is done.
   *
   * @throws IllegalStateException if none was posted
   */
  public void await() {
    if (posted == null) {
      throw new IllegalStateException("awaited without a post");
    }
    Communicator.Request request = posted;
    posted = null;
    awaited = request;
    request.await();
    awaited = null;
  }

  /** How far it is, in words. For any thread. */
  public String state() {
    int next = (ring.rank() + 1) % ring.size();
    int previous = (ring.rank() + ring.size() - 1) % ring.size();
    String what = awaited != null ? "waits for " : posted != null ? "in flight: " : "done: ";
    return what + "exchange " + exchanges + " to rank " + next + " and from rank " + previous;
  }

  /** Exchanges posted so far. */
  public long exchanges() {
    return exchanges;
  }

  /** Bytes sent by this rank so far. */
  public long bytesSent() {
    return bytesSent;
  }
}
