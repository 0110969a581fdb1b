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
public final class ThrottledCommunicator extends ForwardingCommunicator {
  private static final long SLEEP = 1_000_000; // ns; shorter waits are spent looking at the clock

  private double bytesPerSecond; // 0: as fast as below
  private long free; // when the link has carried all messages so far, by System.nanoTime

  /**
   * Makes one that is as fast as the one below, until {@link #limit}. Groups split from it are not
   * throttled.
   */
  public ThrottledCommunicator(Communicator below) {
    super(below);
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
    Request request = super.sendReceive(send, to, receive, from);
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

  /** The one below stays open. */
  @Override
  public void close() {}
}
