package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A communicator whose messages to other ranks share a link of a chosen bandwidth, to stand for a
 * slower network: a message has not arrived before the link has carried it, counted from its start
 * or from the end of the message before. Computation goes on meanwhile. Collectives are as fast as
 * those below.
 */
public final class ThrottledCommunicator implements Communicator {
  private static final long SLEEP = 1_000_000; // ns; shorter waits are spent looking at the clock

  private final Communicator below;
  private double bytesPerSecond; // 0: as fast as below
  private long free; // when the link has carried all messages so far, by System.nanoTime

  /** As fast as the one below, until {@link #limit}. */
  public ThrottledCommunicator(Communicator below) {
    this.below = below;
  }

  /**
   * Sets the bandwidth of messages from now on; no message may be in flight.
   *
   * @param newBytesPerSecond 0: as fast as below
   */
  public void limit(double newBytesPerSecond) {
    bytesPerSecond = newBytesPerSecond;
    free = System.nanoTime();
  }

  @Override
  public Request sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    Request request = below.sendReceive(send, to, receive, from);
    if (bytesPerSecond == 0) {
      return request;
    }
    long bytes = send.stream().mapToLong(ByteBuffer::remaining).sum();
    long now = System.nanoTime();
    free = now + Math.max(0, free - now) + (long) (bytes / bytesPerSecond * 1e9);
    long arrival = free;
    return () -> {
      request.await();
      until(arrival);
    };
  }

  private static void until(long time) {
    long left = time - System.nanoTime();
    while (left > 0) {
      if (left > SLEEP) {
        LockSupport.parkNanos(left - SLEEP / 2);
      } else {
        Thread.onSpinWait();
      }
      left = time - System.nanoTime();
    }
  }

  @Override
  public int rank() {
    return below.rank();
  }

  @Override
  public int size() {
    return below.size();
  }

  @Override
  public String host() {
    return below.host();
  }

  /** Not throttled. */
  @Override
  public Communicator split(int color) {
    return below.split(color);
  }

  @Override
  public Communicator self() {
    return below.self();
  }

  @Override
  public void barrier() {
    below.barrier();
  }

  @Override
  public Request allGather(ByteBuffer send, ByteBuffer receive) {
    return below.allGather(send, receive);
  }

  @Override
  public Request reduceScatter(Element element, ByteBuffer send, ByteBuffer receive) {
    return below.reduceScatter(element, send, receive);
  }

  @Override
  public void allReduce(double[] values, Operation operation) {
    below.allReduce(values, operation);
  }

  @Override
  public List<byte[]> gather(byte[] bytes) {
    return below.gather(bytes);
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    return below.broadcast(bytes);
  }

  @Override
  public void abort(int exitCode) {
    below.abort(exitCode);
  }

  @Override
  public String description() {
    return below.description();
  }

  /** The one below stays open. */
  @Override
  public void close() {}
}
