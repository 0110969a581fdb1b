package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.Communicator.Element;
import ringattention.comm.Communicator.Operation;

@Timeout(30)
class LocalCommunicatorTest {
  static Stream<Arguments> checksAtRanks() {
    return Stream.of(1, 2, 3, 5, 8)
        .flatMap(
            ranks ->
                CommunicatorContract.checks().keySet().stream()
                    .map(name -> Arguments.of(ranks, name)));
  }

  @ParameterizedTest(name = "{0} ranks: {1}")
  @MethodSource("checksAtRanks")
  void keepsTheContract(int ranks, String name) {
    Consumer<Communicator> check = CommunicatorContract.checks().get(name);
    List<Integer> done =
        LocalCommunicator.run(
            ranks,
            world -> {
              check.accept(world);
              return world.rank();
            });
    assertEquals(IntStream.range(0, ranks).boxed().toList(), done);
  }

  @Test
  void singleKeepsTheContract() {
    Communicator single = LocalCommunicator.single();
    CommunicatorContract.checks().values().forEach(check -> check.accept(single));
    assertEquals(1, single.size());
  }

  @Test
  void barrierWaitsForAll() {
    AtomicInteger arrived = new AtomicInteger();
    List<Integer> seen =
        LocalCommunicator.run(
            5,
            world -> {
              arrived.incrementAndGet();
              world.barrier();
              return arrived.get();
            });
    assertEquals(List.of(5, 5, 5, 5, 5), seen);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 8})
  void failingRankWakesTheOthers(int ranks) {
    List<Consumer<Communicator>> blocking =
        List.of(
            Communicator::barrier,
            world -> world.allReduce(new double[1], Operation.SUM),
            world -> world.split(0),
            world -> world.allGather(bytes(8), bytes(8 * ranks)).await());
    AtomicInteger woken = new AtomicInteger();
    for (Consumer<Communicator> call : blocking) {
      woken.set(0);
      CommunicationException thrown =
          assertThrows(
              CommunicationException.class,
              () -> LocalCommunicator.run(ranks, world -> failOnLastRank(world, call, woken)));
      assertTrue(
          thrown.getMessage().contains("rank " + (ranks - 1) + " failed"), thrown.getMessage());
      assertInstanceOf(ArithmeticException.class, thrown.getCause());
      assertEquals(ranks - 1, woken.get());
    }
  }

  private static Void failOnLastRank(
      Communicator world, Consumer<Communicator> call, AtomicInteger woken) {
    if (world.rank() == world.size() - 1) {
      throw new ArithmeticException("planted");
    }
    CommunicationException thrown =
        assertThrows(CommunicationException.class, () -> call.accept(world));
    assertTrue(
        thrown.getMessage().contains("rank " + (world.size() - 1) + " failed"),
        thrown.getMessage());
    woken.incrementAndGet();
    throw thrown;
  }

  @Test
  void failingRankWakesOneThatAwaitsItsMessage() {
    CommunicationException thrown =
        assertThrows(
            CommunicationException.class,
            () ->
                LocalCommunicator.run(
                    3,
                    world -> {
                      if (world.rank() == 2) {
                        throw new AssertionError("planted");
                      }
                      world.sendReceive(List.of(bytes(4)), 2, List.of(bytes(4)), 2).await();
                      return null;
                    }));
    assertTrue(thrown.getMessage().contains("rank 2 failed"), thrown.getMessage());
    assertInstanceOf(AssertionError.class, thrown.getCause());
  }

  static Stream<Arguments> disagreements() {
    Consumer<Communicator> barrier = Communicator::barrier;
    Consumer<Communicator> nothing = world -> {};
    Consumer<Communicator> reduceOne = world -> world.allReduce(new double[1], Operation.SUM);
    Consumer<Communicator> reduceTwo = world -> world.allReduce(new double[2], Operation.SUM);
    Consumer<Communicator> reduceMaximum = world -> world.allReduce(new double[1], Operation.MAX);
    Consumer<Communicator> floats =
        world -> world.reduceScatter(Element.F32, bytes(8 * world.size()), bytes(8)).await();
    Consumer<Communicator> doubles =
        world -> world.reduceScatter(Element.F64, bytes(8 * world.size()), bytes(8)).await();
    Consumer<Communicator> messageToNobody =
        world -> world.sendReceive(List.of(bytes(4)), 1, List.of(bytes(4)), 1).await();
    return Stream.of(
        Arguments.of("another operation", barrier, reduceOne, "rank"),
        Arguments.of("another length", reduceOne, reduceTwo, "allReduce SUM of 2"),
        Arguments.of("another reduction", reduceOne, reduceMaximum, "allReduce MAX of 1"),
        Arguments.of("another element type", floats, doubles, "reduceScatter of 1 F64"),
        Arguments.of("no collective", barrier, nothing, "no rank can go on: rank 0: barrier"),
        Arguments.of("no message", messageToNobody, nothing, "no rank can go on"),
        Arguments.of("a message for a collective", barrier, messageToNobody, "no rank can go on"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("disagreements")
  void disagreementIsAnErrorNotAHang(
      String name, Consumer<Communicator> others, Consumer<Communicator> lastRank, String text) {
    CommunicationException thrown =
        assertThrows(
            CommunicationException.class,
            () ->
                LocalCommunicator.run(
                    3,
                    world -> {
                      (world.rank() == 2 ? lastRank : others).accept(world);
                      return null;
                    }));
    assertTrue(thrown.getMessage().contains(text), thrown.getMessage());
  }

  @Test
  void sumsRunInRankOrder() {
    // (1e16 + 1) - 1e16 + 1 is 1 in this order and something else in others
    double[] values = {1e16, 1, -1e16, 1};
    List<Double> sums =
        LocalCommunicator.run(
            4,
            world -> {
              double[] sum = {values[world.rank()]};
              world.allReduce(sum, Operation.SUM);
              return sum[0];
            });
    double inOrder = ((1e16 + 1) - 1e16) + 1;
    assertEquals(List.of(inOrder, inOrder, inOrder, inOrder), sums);
  }

  @Test
  void abortEndsAllRanks() {
    CommunicationException thrown =
        assertThrows(
            CommunicationException.class,
            () ->
                LocalCommunicator.run(
                    3,
                    world -> {
                      if (world.rank() == 1) {
                        world.abort(42);
                      }
                      world.barrier();
                      return null;
                    }));
    assertTrue(
        thrown.getMessage().contains("rank 1 of 3 aborts with exit code 42"), thrown.getMessage());
  }

  private static ByteBuffer bytes(int size) {
    return ByteBuffer.allocateDirect(size);
  }
}
