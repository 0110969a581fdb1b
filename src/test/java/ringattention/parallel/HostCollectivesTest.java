package ringattention.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.ForwardingCommunicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Collectives.Part;
import ringattention.device.Completion;
import ringattention.device.Device;
import ringattention.device.Memory;
import ringattention.device.Tensor;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Timeline;

/**
 * A whole that is more than one collective takes is moved in pieces, with the same bits. Pieces are
 * small here; nothing else differs from groups above 2 GiB.
 */
@Timeout(30)
class HostCollectivesTest {
  private static final int[] PIECES = {1, 8, 40, 64, 100, 1000, 4096};
  private static final int MOST = 250;
  private static final int[] ELEMENTS = {1, 2, 5, 8, 10, 13, 25, MOST};

  /** Takes wholes of so many bytes and no more. */
  private static final class Narrow extends ForwardingCommunicator {
    private final long most;

    Narrow(Communicator below, long most) {
      super(below);
      this.most = most;
    }

    private void require(long bytes) {
      assertTrue(bytes <= most, bytes + " bytes at once, of at most " + most);
    }

    @Override
    public Request allGather(ByteBuffer send, ByteBuffer receive) {
      require(receive.remaining());
      return super.allGather(send, receive);
    }

    @Override
    public Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
      require((long) send.remaining() * receive.size());
      return super.allGather(send, receive);
    }

    @Override
    public Request reduceScatter(Element element, ByteBuffer send, ByteBuffer receive) {
      require(send.remaining());
      return super.reduceScatter(element, send, receive);
    }

    @Override
    public Request reduceScatter(Element element, List<ByteBuffer> send, ByteBuffer receive) {
      require((long) receive.remaining() * send.size());
      return super.reduceScatter(element, send, receive);
    }
  }

  @ParameterizedTest(name = "{0} ranks, {1}")
  @CsvSource({"1, cpu", "2, cpu", "3, cpu", "4, cpu", "2, reference", "3, reference"})
  void piecesHaveTheSameBits(int ranks, String kind) {
    run(
        ranks,
        kind.equals("cpu") ? () -> new CpuDevice(1) : ReferenceDevice::new,
        rank -> {
          Timeline timeline = new PhaseTimer(System::nanoTime).timeline();
          for (int pieceBytes : PIECES) {
            long most = Math.max(pieceBytes, (long) ranks * rank.device().sum().bytes());
            HostCollectives pieced =
                new HostCollectives(new Narrow(rank.world(), most), timeline, pieceBytes);
            for (int elements : ELEMENTS) {
              compare(rank, new HostCollectives(rank.world(), timeline), pieced, elements);
            }
          }
          return null;
        });
  }

  /** What a test has on one rank: room for its part and the whole. */
  private record Rank(Communicator world, Device device, Tensor room) {}

  /**
   * Returns what the body returns on each rank. Memory lives until all ranks have ended: one that
   * fails must not take away what another still reads.
   */
  private static <T> List<T> run(int ranks, Supplier<Device> made, Function<Rank, T> body) {
    ConcurrentLinkedDeque<Runnable> ends = new ConcurrentLinkedDeque<>();
    try {
      return LocalCommunicator.run(
          ranks,
          world -> {
            Device device = made.get();
            ends.push(device::close);
            long elements = MOST * (1L + ranks);
            Memory memory = device.allocate(elements * device.sum().bytes());
            ends.push(memory::close);
            return body.apply(
                new Rank(world, device, new Tensor(memory, 0, device.sum(), elements)));
          });
    } finally {
      ends.forEach(Runnable::run);
    }
  }

  private static void compare(Rank rank, HostCollectives whole, HostCollectives pieced, int n) {
    int ranks = rank.world().size();
    Device device = rank.device();
    Tensor part = rank.room().slice(0, n);
    Tensor parts = rank.room().slice(n, (long) n * (1 + ranks));
    double[][] results = new double[2][];
    for (int i = 0; i < 2; i++) {
      HostCollectives collectives = i == 0 ? whole : pieced;
      device.write(parts, numbers(n * ranks, rank.world().rank()));
      Completion summed = collectives.reduceScatter(parts, part, Completion.DONE);
      summed.await();
      summed.await();
      double[] sum = device.read(part);
      device.kernels().fill(parts, Double.NaN);
      Completion gathered = collectives.allGather(part, parts, Completion.DONE);
      gathered.await();
      gathered.await();
      results[i] =
          DoubleStream.concat(DoubleStream.of(sum), DoubleStream.of(device.read(parts))).toArray();
    }
    assertArrayEquals(results[0], results[1]);
  }

  /** Notes when a collective is started and when it is awaited. */
  private static final class Noting extends ForwardingCommunicator {
    private final List<String> events = new ArrayList<>();

    Noting(Communicator below) {
      super(below);
    }

    private Request noted(String what, Request request) {
      events.add(what);
      return () -> {
        request.await();
        events.add("await");
      };
    }

    @Override
    public Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
      return noted("gather " + send.remaining(), super.allGather(send, receive));
    }

    @Override
    public Request reduceScatter(Element element, List<ByteBuffer> send, ByteBuffer receive) {
      return noted("sum " + receive.remaining(), super.reduceScatter(element, send, receive));
    }
  }

  /** Pieces of two elements of each of two ranks, of six elements or of five. */
  @ParameterizedTest
  @CsvSource({"6, 8", "5, 4"})
  void aPieceIsAwaitedBeforeTheNext(int elements, int lastBytes) {
    List<List<String>> events =
        run(
            2,
            () -> new CpuDevice(1),
            rank -> {
              Noting noting = new Noting(rank.world());
              Timeline timeline = new PhaseTimer(System::nanoTime).timeline();
              HostCollectives collectives = new HostCollectives(noting, timeline, 16);
              rank.device().kernels().fill(rank.room(), 1);
              Tensor part = rank.room().slice(0, elements);
              Tensor whole = rank.room().slice(elements, 3L * elements);
              collectives.allGather(part, whole, Completion.DONE).await();
              collectives.reduceScatter(whole, part, Completion.DONE).await();
              return noting.events;
            });
    List<String> expected =
        List.of(
            "gather 8",
            "await",
            "gather 8",
            "await",
            "gather " + lastBytes,
            "await", //
            "sum 8",
            "await",
            "sum 8",
            "await",
            "sum " + lastBytes,
            "await");
    assertEquals(List.of(expected, expected), events);
  }

  /**
   * Parts of two tensors, whose sizes depend on who sends: every one arrives where it belongs, in
   * groups beside each other.
   */
  @ParameterizedTest(name = "{0} ranks in groups of {1}")
  @CsvSource({"2, 2", "3, 3", "4, 2", "4, 4", "6, 3"})
  void groupsExchangeParts(int ranks, int group) {
    run(
        ranks,
        () -> new CpuDevice(1),
        rank -> {
          int own = rank.world().rank();
          Timeline timeline = new PhaseTimer(System::nanoTime).timeline();
          HostCollectives collectives = new HostCollectives(rank.world(), timeline);
          List<Part> parts = new ArrayList<>();
          int used = 0;
          for (int other = own - own % group; other < own - own % group + group; other++) {
            if (other != own) {
              int sent = 3 + own;
              int received = 3 + other;
              Tensor send = rank.room().slice(used, used + sent + 1);
              Tensor receive = rank.room().slice(used + sent + 1, used + sent + received + 2);
              rank.device().kernels().fill(send.slice(0, sent), 10 * own + other);
              rank.device().kernels().fill(send.slice(sent, sent + 1), -10 * own - other);
              parts.add(
                  new Part(
                      other,
                      List.of(send.slice(0, sent), send.slice(sent, sent + 1)),
                      List.of(receive.slice(0, received), receive.slice(received, received + 1))));
              used += sent + received + 2;
            }
          }
          Completion exchanged = collectives.allToAll(parts, Completion.DONE);
          exchanged.await();
          exchanged.await();
          for (Part part : parts) {
            double expected = 10 * part.rank() + own;
            for (double value : rank.device().read(part.receive().get(0))) {
              assertEquals(expected, value);
            }
            assertEquals(-expected, rank.device().read(part.receive().get(1))[0]);
          }
          return null;
        });
  }

  /** Of very different sizes, so that another order of a sum has other bits. */
  private static double[] numbers(int count, int rank) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = Math.pow(-10, (i * 7 + rank * 5) % 11) / (3 + rank);
    }
    return values;
  }
}
