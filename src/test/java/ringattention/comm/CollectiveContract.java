package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.comm.Windows.UNTOUCHED;
import static ringattention.comm.Windows.assertMarginsUntouched;
import static ringattention.comm.Windows.assertOnlyInside;
import static ringattention.comm.Windows.window;
import static ringattention.comm.Windows.windows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import ringattention.comm.Communicator.Element;
import ringattention.comm.Communicator.Operation;
import ringattention.comm.Communicator.Request;

/** What every communicator does with calls that all ranks make together. */
final class CollectiveContract {
  private CollectiveContract() {}

  static void allGather(Communicator world) {
    int bytes = 24;
    ByteBuffer receive = window(bytes * world.size(), UNTOUCHED);
    world.allGather(window(bytes, world.rank()), receive).await();
    for (int i = 0; i < receive.remaining(); i++) {
      assertEquals(i / bytes, receive.get(receive.position() + i));
    }
    assertMarginsUntouched(receive);
    world.allGather(window(0, 0), window(0, 0)).await();
  }

  static void reduceScatter(Communicator world, Element element) {
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

  static void gatherApart(Communicator world) {
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

  static void scatterApart(Communicator world) {
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

  static void overlap(Communicator world) {
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

  static void allReduce(Communicator world) {
    int last = world.size() - 1;
    assertArrayEquals(
        new double[] {last * world.size() / 2.0, world.size()}, reduced(world, Operation.SUM));
    assertArrayEquals(new double[] {0, 1}, reduced(world, Operation.MIN));
    assertArrayEquals(new double[] {last, 1}, reduced(world, Operation.MAX));
    world.allReduce(new double[0], Operation.SUM);
  }

  static void notANumber(Communicator world) {
    for (Operation operation : Operation.values()) {
      for (int bad = 0; bad < world.size(); bad++) {
        double[] values = {world.rank() == bad ? Double.NaN : world.rank(), 2};
        world.allReduce(values, operation);
        assertTrue(Double.isNaN(values[0]), operation + " with the NaN of rank " + bad);
        assertEquals(operation == Operation.SUM ? 2 * world.size() : 2, values[1]);
      }
    }
    double[] endless = {world.rank() == 0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY};
    world.allReduce(endless, Operation.MAX);
    assertEquals(Double.POSITIVE_INFINITY, endless[0]);
  }

  private static double[] reduced(Communicator world, Operation operation) {
    double[] values = {world.rank(), 1};
    world.allReduce(values, operation);
    return values;
  }

  static void sameBits(Communicator world) {
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

  static void gather(Communicator world) {
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

  static void broadcast(Communicator world) {
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
}
