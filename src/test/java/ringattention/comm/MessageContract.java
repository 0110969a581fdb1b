package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.comm.Windows.UNTOUCHED;
import static ringattention.comm.Windows.assertOnlyInside;
import static ringattention.comm.Windows.window;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import ringattention.comm.Communicator.Request;

/** What every communicator does with messages between two ranks, and around the ring. */
final class MessageContract {
  private MessageContract() {}

  static void unequalPieces(Communicator world) {
    int next = (world.rank() + 1) % world.size();
    int previous = (world.rank() + world.size() - 1) % world.size();
    // three pieces whose sizes depend on the sender, one of them empty, all inside larger buffers
    List<ByteBuffer> receive = message(previous, UNTOUCHED);
    Request request =
        world.sendReceive(message(world.rank(), world.rank()), next, receive, previous);
    request.await();
    request.await();
    for (ByteBuffer piece : receive) {
      assertOnlyInside(piece, previous);
    }
  }

  private static List<ByteBuffer> message(int sender, int value) {
    return List.of(window(5 + sender, value), window(0, value), window(1000 * (sender + 1), value));
  }

  static void toItself(Communicator world) {
    ByteBuffer receive = window(100, UNTOUCHED);
    world
        .sendReceive(List.of(window(100, 3)), world.rank(), List.of(receive), world.rank())
        .await();
    assertOnlyInside(receive, 3);
  }

  static void messagesInOrder(Communicator world) {
    int partner = world.size() - 1 - world.rank();
    List<Request> requests = new ArrayList<>();
    List<ByteBuffer> received = new ArrayList<>();
    for (int message = 0; message < 4; message++) {
      ByteBuffer receive = window(8, UNTOUCHED);
      received.add(receive);
      requests.add(
          world.sendReceive(List.of(window(8, message)), partner, List.of(receive), partner));
    }
    for (int message = 3; message >= 0; message--) { // awaited in another order than posted
      requests.get(message).await();
      assertOnlyInside(received.get(message), message);
    }
  }

  static void largeMessage(Communicator world) {
    int bytes = 9_000_001; // far above what MPI sends without asking the receiver first
    int next = (world.rank() + 1) % world.size();
    int previous = (world.rank() + world.size() - 1) % world.size();
    ByteBuffer receive = window(bytes, UNTOUCHED);
    world
        .sendReceive(List.of(window(bytes, world.rank())), next, List.of(receive), previous)
        .await();
    assertOnlyInside(receive, previous);
  }

  static void wrongMessageSize(Communicator world) {
    if (world.size() == 1) {
      return; // Open MPI shortens what a rank sends to itself without a word
    }
    int next = (world.rank() + 1) % world.size();
    int previous = (world.rank() + world.size() - 1) % world.size();
    for (int expected : new int[] {50, 200}) {
      List<ByteBuffer> receive = List.of(window(expected, 0));
      Request request = world.sendReceive(List.of(window(100, 0)), next, receive, previous);
      String text = assertThrows(CommunicationException.class, request::await).getMessage();
      assertTrue(
          text.contains("rank " + world.rank()) && text.contains("from rank " + previous), text);
      world.barrier();
    }
  }

  static void ringExchange(Communicator world) {
    RingExchange ring = new RingExchange(world);
    assertEquals(world.size(), ring.size());
    int bytes = 64;
    ByteBuffer held = window(bytes, world.rank());
    ByteBuffer arriving = window(bytes, UNTOUCHED);
    for (int step = 1; step <= world.size() && world.size() > 1; step++) {
      ring.post(List.of(held), List.of(arriving));
      ring.await();
      assertOnlyInside(arriving, Math.floorMod(world.rank() - step, world.size()));
      ByteBuffer free = held;
      held = arriving;
      arriving = free;
    }
    long hops = world.size() > 1 ? world.size() : 0;
    assertEquals(hops, ring.exchanges());
    assertEquals(hops * bytes, ring.bytesSent());
  }

  static void ringMisuse(Communicator world) {
    RingExchange ring = new RingExchange(world);
    List<ByteBuffer> send = List.of(window(8, 1));
    List<ByteBuffer> receive = List.of(window(8, 0));
    assertThrows(IllegalStateException.class, ring::await);
    if (world.size() == 1) {
      assertThrows(IllegalStateException.class, () -> ring.post(send, receive));
      return;
    }
    ring.post(send, receive);
    assertThrows(IllegalStateException.class, () -> ring.post(send, receive));
    ring.await();
    assertOnlyInside(receive.get(0), 1);
    assertThrows(IllegalStateException.class, ring::await);
    assertEquals(1, ring.exchanges());
  }
}
