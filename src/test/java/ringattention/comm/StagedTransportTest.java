package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
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
import ringattention.comm.Communicator.Request;

/** Transfers through host memory: the whole contract of a communicator, in pieces of any size. */
@Timeout(60)
class StagedTransportTest {
  private static final List<Integer> PIECES = List.of(1001, 4096, 1 << 22);

  /** As on a machine without NCCL and without CUDA-aware MPI. */
  private static DeviceTransports staged(PretendDevice device, int pieceBytes) {
    Stage stage = new Stage(device, pieceBytes);
    return new DeviceTransports() {
      @Override
      public Group open(Communicator host) {
        StagedTransport staged = new StagedTransport(host, stage);
        return new Group(staged, staged);
      }

      @Override
      public DeviceCopies copies() {
        return device;
      }
    };
  }

  private static void run(int ranks, int pieceBytes, Consumer<Communicator> body) {
    LocalCommunicator.run(
        ranks,
        host -> {
          PretendDevice device = new PretendDevice();
          body.accept(new DeviceCommunicator(host, staged(device, pieceBytes)));
          return null;
        });
  }

  static Stream<Arguments> contracts() {
    return IntStream.rangeClosed(1, 4)
        .boxed()
        .flatMap(
            ranks ->
                PIECES.stream()
                    .flatMap(
                        piece ->
                            CommunicatorContract.checks().keySet().stream()
                                .map(name -> Arguments.of(ranks, piece, name))));
  }

  @ParameterizedTest(name = "{0} ranks, pieces of {1} bytes: {2}")
  @MethodSource("contracts")
  void keepsTheContract(int ranks, int pieceBytes, String name) {
    run(ranks, pieceBytes, CommunicatorContract.checks().get(name));
  }

  /** Around every multiple of the piece, where an off-by-one would show. */
  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2, 3, 4})
  void everySizeArrivesWhole(int ranks) {
    run(
        ranks,
        64,
        world -> {
          for (int bytes : new int[] {0, 1, 7, 63, 64, 65, 127, 128, 129, 191, 192, 193, 640}) {
            int next = (world.rank() + 1) % ranks;
            int previous = (world.rank() + ranks - 1) % ranks;
            ByteBuffer received = numbers(bytes, 50);
            world
                .sendReceive(
                    List.of(numbers(bytes, world.rank())), next, List.of(received), previous)
                .await();
            assertEquals(numbers(bytes, previous), received);
            ByteBuffer all = numbers(bytes * ranks, 50);
            world.allGather(numbers(bytes, world.rank()), all).await();
            for (int rank = 0; rank < ranks; rank++) {
              assertEquals(numbers(bytes, rank), all.slice(rank * bytes, bytes));
            }
          }
        });
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2, 3, 4})
  void sumsOfEverySizeAreRight(int ranks) {
    run(
        ranks,
        100, // no multiple of an element
        world -> {
          for (int count : new int[] {0, 1, 2, 3, 5, 12, 13, 25, 100}) {
            ByteBuffer send = numbers(8 * count * ranks, 0);
            for (int i = 0; i < count * ranks; i++) {
              send.putDouble(8 * i, i + 1000 * world.rank());
            }
            ByteBuffer sum = numbers(8 * count, 0);
            world.reduceScatter(Element.F64, send, sum).await();
            for (int i = 0; i < count; i++) {
              double index = world.rank() * count + i;
              assertEquals(ranks * index + 1000 * ranks * (ranks - 1) / 2.0, sum.getDouble(8 * i));
            }
          }
        });
  }

  /** One rank has both in flight, and awaits the second first; the other has one at a time. */
  @Test
  void piecesOfTwoMessagesDoNotMix() {
    run(
        2,
        64,
        world -> {
          int other = 1 - world.rank();
          ByteBuffer first = numbers(1000, 50);
          ByteBuffer second = numbers(1000, 50);
          Request one = world.sendReceive(List.of(numbers(1000, 1)), other, List.of(first), other);
          if (world.rank() == 0) {
            one.await();
          }
          Request two = world.sendReceive(List.of(numbers(1000, 2)), other, List.of(second), other);
          two.await();
          one.await();
          assertEquals(numbers(1000, 1), first);
          assertEquals(numbers(1000, 2), second);
        });
  }

  /** However much is sent: three pieces out and three in. */
  @Test
  void pinnedMemoryIsBoundedAndUsedAgain() {
    LocalCommunicator.run(
        2,
        host -> {
          PretendDevice device = new PretendDevice();
          Communicator world = new DeviceCommunicator(host, staged(device, 64));
          int other = 1 - world.rank();
          for (int i = 0; i < 5; i++) {
            ByteBuffer received = numbers(10_000, 0);
            world.sendReceive(List.of(numbers(10_000, i)), other, List.of(received), other).await();
            world.allGather(received, numbers(20_000, 0)).await();
          }
          assertEquals(6, device.pinned.size());
          assertTrue(device.pinned.stream().allMatch(memory -> memory.capacity() == 64));
          assertEquals(0, device.unfinished);
          return null;
        });
  }

  private static ByteBuffer numbers(int bytes, int seed) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(java.nio.ByteOrder.nativeOrder());
    for (int i = 0; i < bytes; i++) {
      buffer.put(i, (byte) (i * 7 + seed * 31));
    }
    return buffer;
  }
}
