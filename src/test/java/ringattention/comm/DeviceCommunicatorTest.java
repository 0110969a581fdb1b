package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.comm.Communicator.Element;
import ringattention.comm.Communicator.Operation;
import ringattention.comm.Communicator.Request;

/** Device memory goes by the transports of its group, all else by the host's communicator. */
class DeviceCommunicatorTest {
  private static final Request DONE = () -> {};

  /** Writes down what it is asked for, and moves nothing. */
  private static final class Recorded implements DeviceTransports {
    final List<String> calls = new ArrayList<>();

    @Override
    public Group open(Communicator host) {
      String group = "group of " + host.size() + ": ";
      calls.add(group + "open");
      MessageTransport messages =
          new MessageTransport() {
            @Override
            public Request sendReceive(
                List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
              calls.add(group + "message to " + to + " from " + from);
              return DONE;
            }

            @Override
            public void close() {
              calls.add(group + "close messages");
            }
          };
      CollectiveTransport collectives =
          new CollectiveTransport() {
            @Override
            public Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
              calls.add(group + "allGather of " + send.remaining());
              return DONE;
            }

            @Override
            public Request reduceScatter(
                Element element, List<ByteBuffer> send, ByteBuffer receive) {
              calls.add(group + "reduceScatter of " + element);
              return DONE;
            }

            @Override
            public void close() {
              calls.add(group + "close collectives");
            }
          };
      return new Group(messages, collectives);
    }

    @Override
    public DeviceCopies copies() {
      return new PretendDevice();
    }
  }

  @Test
  void eachGroupHasItsOwnTransports() {
    LocalCommunicator.run(
        4,
        host -> {
          Recorded transports = new Recorded();
          Communicator world = new DeviceCommunicator(host, transports);
          world.allGather(bytes(8), bytes(32)).await();
          try (Communicator pair = world.split(world.rank() / 2)) {
            int other = 1 - pair.rank();
            pair.sendReceive(List.of(bytes(8)), other, List.of(bytes(8)), other).await();
          }
          world.reduceScatter(Element.F32, bytes(32), bytes(8)).await();
          double[] sum = {1};
          world.allReduce(sum, Operation.SUM); // by the host: a recorder would not add
          assertEquals(4, sum[0]);
          int other = 1 - world.rank() % 2;
          assertEquals(
              List.of(
                  "group of 4: open",
                  "group of 4: allGather of 8",
                  "group of 2: open",
                  "group of 2: message to " + other + " from " + other,
                  "group of 2: close messages",
                  "group of 2: close collectives",
                  "group of 4: reduceScatter of F32"),
              transports.calls);
          return null;
        });
  }

  @Test
  void oneRankCopiesInsideItsDevice() {
    Recorded transports = new Recorded();
    LocalCommunicator.run(
        2,
        host -> {
          Communicator alone = new DeviceCommunicator(host, new Recorded()).self();
          ByteBuffer gathered = bytes(8);
          alone.allGather(bytes(8).putInt(0, 5), gathered).await();
          assertEquals(5, gathered.getInt(0));
          assertEquals(1, alone.size());
          return null;
        });
    Communicator single = new DeviceCommunicator(LocalCommunicator.single(), transports);
    ByteBuffer sum = bytes(8);
    single.reduceScatter(Element.F64, bytes(8).putInt(4, 7), sum).await();
    assertEquals(7, sum.getInt(4));
    assertEquals(List.of(), transports.calls);
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocateDirect(count);
  }
}
