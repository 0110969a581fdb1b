package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(30)
class ThrottledCommunicatorTest {
  private static final int BYTES = 100_000;
  private static final double RATE = 2e6; // bytes/s: 50 ms

  static Stream<String> checks() {
    return CommunicatorContract.checks().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("checks")
  void keepsTheContract(String name) {
    Consumer<Communicator> check = CommunicatorContract.checks().get(name);
    LocalCommunicator.run(
        3,
        world -> {
          ThrottledCommunicator throttled = new ThrottledCommunicator(world);
          throttled.limit(1e9);
          check.accept(throttled);
          return null;
        });
  }

  private static Communicator.Request hop(Communicator ring) {
    ByteBuffer send = ByteBuffer.allocateDirect(BYTES);
    ByteBuffer receive = ByteBuffer.allocateDirect(BYTES);
    int next = (ring.rank() + 1) % ring.size();
    return ring.sendReceive(List.of(send), next, List.of(receive), next);
  }

  private static double since(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Arrival is counted from the start: work meanwhile costs nothing. */
  @Test
  void aMessageTakesAsLongAsTheLink() {
    LocalCommunicator.run(
        2,
        world -> {
          ThrottledCommunicator ring = new ThrottledCommunicator(world);
          ring.limit(RATE);
          long start = System.nanoTime();
          Communicator.Request request = hop(ring);
          assertTrue(since(start) < 0.05, "the start does not wait");
          request.await();
          assertTrue(since(start) >= 0.05, "too early");
          Communicator.Request hidden = hop(ring);
          sleep(60);
          long waited = System.nanoTime();
          hidden.await();
          assertTrue(since(waited) < 0.05, "it came while the rank was busy");
          return null;
        });
  }

  @Test
  void messagesShareTheLink() {
    LocalCommunicator.run(
        2,
        world -> {
          ThrottledCommunicator ring = new ThrottledCommunicator(world);
          ring.limit(RATE);
          long start = System.nanoTime();
          Communicator.Request first = hop(ring);
          Communicator.Request second = hop(ring);
          first.await();
          second.await();
          assertTrue(since(start) >= 0.1, "two messages at once");
          ring.limit(0);
          assertEquals(2, ring.size());
          return null;
        });
  }

  private static void sleep(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
