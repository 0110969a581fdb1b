package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import ringattention.comm.Communicator.Element;
import ringattention.comm.Communicator.Operation;
import ringattention.comm.Communicator.Request;

/**
 * What every communicator does, at any number of ranks. {@link #main} checks it over a real MPI.
 */
final class CommunicatorContract {
  private static final byte UNTOUCHED = 77;

  private CommunicatorContract() {}

  /** Each check is called by all ranks together. */
  static Map<String, Consumer<Communicator>> checks() {
    Map<String, Consumer<Communicator>> checks = new LinkedHashMap<>();
    checks.put("ranks count up to the size", CommunicatorContract::ranksCountUp);
    checks.put(
        "messages of unequal pieces go around the ring", CommunicatorContract::unequalPieces);
    checks.put("a rank may write to itself", CommunicatorContract::toItself);
    checks.put(
        "messages between two ranks keep their order", CommunicatorContract::messagesInOrder);
    checks.put("a large message arrives whole", CommunicatorContract::largeMessage);
    checks.put("a message of another size is an error", CommunicatorContract::wrongMessageSize);
    checks.put("allGather puts parts in rank order", CommunicatorContract::allGather);
    checks.put("reduceScatter sums floats", world -> reduceScatter(world, Element.F32));
    checks.put("reduceScatter sums doubles", world -> reduceScatter(world, Element.F64));
    checks.put("allGather into parts that lie apart", CommunicatorContract::gatherApart);
    checks.put("reduceScatter of parts that lie apart", CommunicatorContract::scatterApart);
    checks.put("collectives and messages may overlap", CommunicatorContract::overlap);
    checks.put("allReduce sums and finds extremes", CommunicatorContract::allReduce);
    checks.put("extremes of what is no number are none", CommunicatorContract::notNumbers);
    checks.put("allReduce gives the same bits everywhere", CommunicatorContract::sameBits);
    checks.put("gather takes unequal sizes", CommunicatorContract::gather);
    checks.put("broadcast takes an unknown size", CommunicatorContract::broadcast);
    checks.put("a grid of rows and columns", CommunicatorContract::grid);
    checks.put("a part of the world reports errors too", CommunicatorContract::errorsOfPart);
    checks.put("wrong arguments are refused", CommunicatorContract::wrongArguments);
    checks.put("a block goes around the ring and comes home", CommunicatorContract::ringExchange);
    checks.put("ring exchange refuses misuse", CommunicatorContract::ringMisuse);
    return checks;
  }

  public static void main(String[] arguments) {
    World world = World.open(Launch.of(System.getenv()));
    Communicator all = world.communicator();
    checks()
        .forEach(
            (name, check) -> {
              try {
                check.accept(all);
              } catch (RuntimeException | AssertionError failed) {
                System.out.println("BROKEN on rank " + all.rank() + ": " + name + ": " + failed);
                failed.printStackTrace();
                all.abort(1);
              }
              all.barrier();
            });
    if (all.rank() == 0) {
      System.out.println(all.description());
      System.out.println(checks().size() + " checks hold on " + all.size() + " ranks");
    }
    world.finish();
  }

  private static void ranksCountUp(Communicator world) {
    double[] present = new double[world.size()];
    present[world.rank()]++;
    world.allReduce(present, Operation.SUM);
    assertTrue(Arrays.stream(present).allMatch(times -> times == 1), Arrays.toString(present));
    assertFalse(world.host().isBlank());
    assertFalse(world.description().isBlank());
  }

  private static void unequalPieces(Communicator world) {
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

  private static void toItself(Communicator world) {
    ByteBuffer receive = window(100, UNTOUCHED);
    world
        .sendReceive(List.of(window(100, 3)), world.rank(), List.of(receive), world.rank())
        .await();
    assertOnlyInside(receive, 3);
  }

  private static void messagesInOrder(Communicator world) {
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

  private static void largeMessage(Communicator world) {
    int bytes = 9_000_001; // far above what MPI sends without asking the receiver first
    int next = (world.rank() + 1) % world.size();
    int previous = (world.rank() + world.size() - 1) % world.size();
    ByteBuffer receive = window(bytes, UNTOUCHED);
    world
        .sendReceive(List.of(window(bytes, world.rank())), next, List.of(receive), previous)
        .await();
    assertOnlyInside(receive, previous);
  }

  private static void wrongMessageSize(Communicator world) {
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

  private static void allGather(Communicator world) {
    int bytes = 24;
    ByteBuffer receive = window(bytes * world.size(), UNTOUCHED);
    world.allGather(window(bytes, world.rank()), receive).await();
    for (int i = 0; i < receive.remaining(); i++) {
      assertEquals(i / bytes, receive.get(receive.position() + i));
    }
    assertMarginsUntouched(receive);
    world.allGather(window(0, 0), window(0, 0)).await();
  }

  private static void reduceScatter(Communicator world, Element element) {
    int elements = 7;
    int bytes = elements * element.bytes();
    ByteBuffer send = window(bytes * world.size(), UNTOUCHED);
    ByteBuffer receive = window(bytes, UNTOUCHED);
    for (int i = 0; i < elements * world.size(); i++) {
      put(element, send, i, i * 10 + world.rank());
    }
    world.reduceScatter(element, send, receive).await();
    int sumOfRanks = world.size() * (world.size() - 1) / 2;
    for (int i = 0; i < elements; i++) {
      int index = world.rank() * elements + i;
      assertEquals(index * 10.0 * world.size() + sumOfRanks, get(element, receive, i));
    }
    assertMarginsUntouched(receive);
  }

  private static void gatherApart(Communicator world) {
    for (int bytes : new int[] {0, 24, 4099}) {
      List<ByteBuffer> receive = windows(world.size(), bytes);
      Request gather = world.allGather(window(bytes, world.rank()), receive);
      gather.await();
      gather.await();
      for (int rank = 0; rank < world.size(); rank++) {
        assertOnlyInside(receive.get(rank), (byte) rank);
      }
    }
  }

  private static void scatterApart(Communicator world) {
    for (Element element : Element.values()) {
      for (int elements : new int[] {0, 7, 1025}) {
        List<ByteBuffer> send = windows(world.size(), elements * element.bytes());
        for (int part = 0; part < world.size(); part++) {
          for (int i = 0; i < elements; i++) {
            put(element, send.get(part), i, part * 10000 + i * 10 + world.rank());
          }
        }
        ByteBuffer receive = window(elements * element.bytes(), UNTOUCHED);
        world.reduceScatter(element, send, receive).await();
        int sumOfRanks = world.size() * (world.size() - 1) / 2;
        for (int i = 0; i < elements; i++) {
          double own = world.rank() * 10000 + i * 10.0;
          assertEquals(own * world.size() + sumOfRanks, get(element, receive, i));
        }
        assertMarginsUntouched(receive);
      }
    }
  }

  private static List<ByteBuffer> windows(int count, int bytes) {
    return IntStream.range(0, count).mapToObj(i -> window(bytes, UNTOUCHED)).toList();
  }

  private static void put(Element element, ByteBuffer buffer, int index, double value) {
    int at = buffer.position() + index * element.bytes();
    switch (element) {
      case F32 -> buffer.putFloat(at, (float) value);
      case F64 -> buffer.putDouble(at, value);
    }
  }

  private static double get(Element element, ByteBuffer buffer, int index) {
    int at = buffer.position() + index * element.bytes();
    return element == Element.F32 ? buffer.getFloat(at) : buffer.getDouble(at);
  }

  private static void overlap(Communicator world) {
    int next = (world.rank() + 1) % world.size();
    int previous = (world.rank() + world.size() - 1) % world.size();
    int bytes = 800_000;
    ByteBuffer message = window(bytes, UNTOUCHED);
    ByteBuffer gathered = window(bytes * world.size(), UNTOUCHED);
    ByteBuffer sum = window(bytes, UNTOUCHED);
    Request exchange =
        world.sendReceive(List.of(window(bytes, 5)), next, List.of(message), previous);
    Request gather = world.allGather(window(bytes, 6), gathered);
    Request scatter = world.reduceScatter(Element.F64, window(bytes * world.size(), 0), sum);
    double[] one = {1};
    world.allReduce(one, Operation.SUM);
    assertEquals(world.size(), one[0]);
    scatter.await();
    exchange.await();
    gather.await();
    assertOnlyInside(message, 5);
    assertOnlyInside(gathered, 6);
    assertOnlyInside(sum, 0);
  }

  private static void allReduce(Communicator world) {
    int last = world.size() - 1;
    assertArrayEquals(
        new double[] {last * world.size() / 2.0, world.size()}, reduced(world, Operation.SUM));
    assertArrayEquals(new double[] {0, 1}, reduced(world, Operation.MIN));
    assertArrayEquals(new double[] {last, 1}, reduced(world, Operation.MAX));
    world.allReduce(new double[0], Operation.SUM);
  }

  private static double[] reduced(Communicator world, Operation operation) {
    double[] values = {world.rank(), 1};
    world.allReduce(values, operation);
    return values;
  }

  private static void notNumbers(Communicator world) {
    for (int rank = 0; rank < world.size(); rank++) {
      for (Operation operation : Operation.values()) {
        double own = world.rank() == rank ? Double.NaN : world.rank();
        double[] values = {own, 5, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY};
        world.allReduce(values, operation);
        assertEquals(Double.NaN, values[0], operation + ", NaN of rank " + rank);
        assertEquals(operation == Operation.SUM ? 5 * world.size() : 5, values[1]);
        assertEquals(Double.NEGATIVE_INFINITY, values[2]);
        assertEquals(Double.POSITIVE_INFINITY, values[3]);
      }
    }
  }

  private static void sameBits(Communicator world) {
    double[] values = new double[100];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.sin(1000 * world.rank() + i) * Math.pow(10, world.rank());
    }
    world.allReduce(values, Operation.SUM);
    byte[] own = Arrays.toString(values).getBytes(StandardCharsets.US_ASCII);
    for (byte[] others : world.gather(own)) {
      assertArrayEquals(own, others);
    }
  }

  private static void gather(Communicator world) {
    byte[] own = new byte[world.rank() * 3]; // rank 0 has nothing to say
    Arrays.fill(own, (byte) world.rank());
    List<byte[]> all = world.gather(own);
    assertEquals(world.rank() == 0 ? world.size() : 0, all.size());
    for (int rank = 0; rank < all.size(); rank++) {
      byte[] expected = new byte[rank * 3];
      Arrays.fill(expected, (byte) rank);
      assertArrayEquals(expected, all.get(rank));
    }
  }

  private static void broadcast(Communicator world) {
    byte[] text = "known to rank 0 only".getBytes(StandardCharsets.US_ASCII);
    byte[] given = world.rank() == 0 ? text.clone() : null;
    byte[] received = world.broadcast(given);
    assertArrayEquals(text, received);
    received[0] = (byte) world.rank(); // must be nobody else's, nor what was given
    world.barrier();
    assertEquals((byte) world.rank(), received[0]);
    assertTrue(given == null || given[0] == text[0]);
    assertEquals(0, world.broadcast(new byte[0]).length);
  }

  private static void grid(Communicator world) {
    int columns = world.size() % 2 == 0 ? 2 : 1;
    try (Communicator row = world.split(world.rank() / columns);
        Communicator column = world.split(world.rank() % columns)) {
      assertEquals(columns, row.size());
      assertEquals(world.size() / columns, column.size());
      assertEquals(world.rank() % columns, row.rank());
      assertEquals(world.rank() / columns, column.rank());
      // messages of the same ranks and sizes in flight in three groups must not be mistaken for
      // each other
      Map<Communicator, ByteBuffer> received = new LinkedHashMap<>();
      List<Request> requests = new ArrayList<>();
      List<Communicator> groups = List.of(world, row, column);
      for (Communicator group : world.rank() == 0 ? List.of(column, world, row) : groups) {
        int partner = group.size() - 1 - group.rank();
        ByteBuffer receive = window(16, UNTOUCHED);
        received.put(group, receive);
        ByteBuffer send = window(16, groups.indexOf(group));
        requests.add(group.sendReceive(List.of(send), partner, List.of(receive), partner));
      }
      requests.forEach(Request::await);
      received.forEach((group, buffer) -> assertOnlyInside(buffer, groups.indexOf(group)));
      double[] sum = {world.rank()};
      column.allReduce(sum, Operation.SUM);
      double expected = 0;
      for (int rank = world.rank() % columns; rank < world.size(); rank += columns) {
        expected += rank;
      }
      assertEquals(expected, sum[0]);
    }
  }

  private static void errorsOfPart(Communicator world) {
    try (Communicator part = world.split(0)) {
      wrongMessageSize(part);
    }
  }

  private static void wrongArguments(Communicator world) {
    ByteBuffer ok = window(8, 0);
    List<ByteBuffer> heap = List.of(ByteBuffer.allocate(8));
    refused(() -> world.sendReceive(heap, world.rank(), List.of(ok), world.rank()));
    refused(() -> world.sendReceive(List.of(ok), world.rank(), heap, world.rank()));
    refused(() -> world.sendReceive(List.of(ok), world.size(), List.of(ok), world.rank()));
    refused(() -> world.sendReceive(List.of(ok), world.rank(), List.of(ok), -1));
    refused(() -> world.allGather(ok, window(8 * world.size() + 1, 0)));
    refused(() -> world.allGather(ByteBuffer.allocate(8), window(8 * world.size(), 0)));
    refused(() -> world.reduceScatter(Element.F32, window(8 * world.size() + 8, 0), ok));
    refused(() -> world.reduceScatter(Element.F64, window(4 * world.size(), 0), window(4, 0)));
    List<ByteBuffer> parts = windows(world.size(), 8);
    List<ByteBuffer> tooMany = windows(world.size() + 1, 8);
    refused(() -> world.allGather(window(16, 0), parts));
    refused(() -> world.allGather(ok, tooMany));
    refused(() -> world.reduceScatter(Element.F32, parts, window(16, 0)));
    refused(() -> world.reduceScatter(Element.F64, windows(world.size(), 4), window(4, 0)));
    refused(() -> world.split(-1));
    if (world.rank() == 0) {
      refused(() -> world.broadcast(null));
    }
  }

  private static void refused(Runnable call) {
    assertThrows(IllegalArgumentException.class, call::run);
  }

  private static void ringExchange(Communicator world) {
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

  private static void ringMisuse(Communicator world) {
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

  /** A buffer of this many bytes inside a larger one, whose other bytes must stay as they are. */
  private static ByteBuffer window(int bytes, int value) {
    int margin = 16;
    ByteBuffer whole = ByteBuffer.allocateDirect(bytes + 2 * margin).order(ByteOrder.nativeOrder());
    for (int i = 0; i < whole.capacity(); i++) {
      whole.put(i, i >= margin && i < margin + bytes ? (byte) value : UNTOUCHED);
    }
    return whole.position(margin).limit(margin + bytes);
  }

  private static void assertOnlyInside(ByteBuffer window, int value) {
    assertMarginsUntouched(window);
    for (int i = window.position(); i < window.limit(); i++) {
      if (window.get(i) != (byte) value) {
        assertEquals((byte) value, window.get(i), "byte " + i + " of " + window);
      }
    }
  }

  private static void assertMarginsUntouched(ByteBuffer window) {
    ByteBuffer whole = window.duplicate().clear();
    for (int i = 0; i < whole.capacity(); i++) {
      if (i == window.position()) {
        i = window.limit();
      }
      assertEquals(UNTOUCHED, whole.get(i), "byte " + i + " around " + window);
    }
  }
}
