package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.comm.Windows.UNTOUCHED;
import static ringattention.comm.Windows.assertOnlyInside;
import static ringattention.comm.Windows.window;
import static ringattention.comm.Windows.windows;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import ringattention.comm.Communicator.Element;
import ringattention.comm.Communicator.Operation;
import ringattention.comm.Communicator.Request;

/**
 * What every communicator does, at any number of ranks. {@link #main} checks it over a real MPI.
 */
final class CommunicatorContract {
  private CommunicatorContract() {}

  /** Each check is called by all ranks together. */
  static Map<String, Consumer<Communicator>> checks() {
    Map<String, Consumer<Communicator>> checks = new LinkedHashMap<>();
    checks.put("ranks count up to the size", CommunicatorContract::ranksCountUp);
    checks.put("messages of unequal pieces go around the ring", MessageContract::unequalPieces);
    checks.put("a rank may write to itself", MessageContract::toItself);
    checks.put("messages between two ranks keep their order", MessageContract::messagesInOrder);
    checks.put("a large message arrives whole", MessageContract::largeMessage);
    checks.put("a message of another size is an error", MessageContract::wrongMessageSize);
    checks.put("allGather puts parts in rank order", CollectiveContract::allGather);
    checks.put(
        "reduceScatter sums floats", world -> CollectiveContract.reduceScatter(world, Element.F32));
    checks.put(
        "reduceScatter sums doubles",
        world -> CollectiveContract.reduceScatter(world, Element.F64));
    checks.put("allGather into parts that lie apart", CollectiveContract::gatherApart);
    checks.put("reduceScatter of parts that lie apart", CollectiveContract::scatterApart);
    checks.put("collectives and messages may overlap", CollectiveContract::overlap);
    checks.put("allReduce sums and finds extremes", CollectiveContract::allReduce);
    checks.put("allReduce keeps a NaN of any rank", CollectiveContract::notANumber);
    checks.put("allReduce gives the same bits everywhere", CollectiveContract::sameBits);
    checks.put("gather takes unequal sizes", CollectiveContract::gather);
    checks.put("broadcast takes an unknown size", CollectiveContract::broadcast);
    checks.put("a grid of rows and columns", CommunicatorContract::grid);
    checks.put("a part of the world reports errors too", CommunicatorContract::errorsOfPart);
    checks.put("wrong arguments are refused", CommunicatorContract::wrongArguments);
    checks.put("a block goes around the ring and comes home", MessageContract::ringExchange);
    checks.put("ring exchange refuses misuse", MessageContract::ringMisuse);
    return checks;
  }

  /** By all ranks of the job, and by parts of it at the same time, whose sizes are arguments. */
  public static void main(String[] arguments) {
    World world = World.open(Launch.of(System.getenv()));
    Communicator all = world.communicator();
    holdsOn(all, all);
    for (String sizes : arguments) {
      try (Communicator part = all.split(part(all.rank(), sizes.split("\\+")))) {
        holdsOn(part, all);
      }
      all.barrier();
    }
    if (all.rank() == 0) {
      System.out.println(all.description());
    }
    world.finish();
  }

  /** Returns the number of the part that a rank is in. */
  private static int part(int rank, String... sizes) {
    int part = 0;
    for (int end = Integer.parseInt(sizes[0]); rank >= end; end += Integer.parseInt(sizes[part])) {
      part++;
    }
    return part;
  }

  private static void holdsOn(Communicator part, Communicator all) {
    checks()
        .forEach(
            (name, check) -> {
              try {
                check.accept(part);
              } catch (RuntimeException | AssertionError failed) {
                System.out.println("BROKEN on rank " + all.rank() + ": " + name + ": " + failed);
                failed.printStackTrace();
                all.abort(1);
              }
              part.barrier();
            });
    if (part.rank() == 0) {
      System.out.println(checks().size() + " checks hold on " + part.size() + " ranks");
    }
  }

  private static void ranksCountUp(Communicator world) {
    double[] present = new double[world.size()];
    present[world.rank()]++;
    world.allReduce(present, Operation.SUM);
    assertTrue(Arrays.stream(present).allMatch(times -> times == 1), Arrays.toString(present));
    assertFalse(world.host().isBlank());
    assertFalse(world.description().isBlank());
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
      MessageContract.wrongMessageSize(part);
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
}
