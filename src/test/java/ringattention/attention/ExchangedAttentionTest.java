package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Allocator;
import ringattention.device.Arena;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.HostCollectives;
import ringattention.shard.CutLayout;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionResult;
import ringattention.validate.AttentionRunner;

/** Heads that are exchanged in chunks: what is beside what, and that it changes no result. */
class ExchangedAttentionTest {
  /** Tells what begins and what is waited for, and carries nothing. */
  private record Watched(List<String> events) implements Collectives {
    @Override
    public Completion allToAll(List<Part> parts, Completion after) {
      String number = "exchange " + events.stream().filter(one -> one.startsWith("ex")).count();
      events.add(number);
      return () -> events.add("wait for " + number);
    }

    @Override
    public Completion allGather(Tensor part, Tensor whole, Completion after) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Completion reduceScatter(Tensor whole, Tensor part, Completion after) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Collectives split(int color) {
      throw new UnsupportedOperationException();
    }
  }

  /** Exchanges one after the other, as late as may be: when somebody waits for one or a later. */
  private static final class Late implements Collectives {
    private final Collectives collectives;
    private final Deque<Runnable> queue = new ArrayDeque<>();
    private int enqueued;
    private int done;

    Late(Collectives collectives) {
      this.collectives = collectives;
    }

    @Override
    public Completion allToAll(List<Part> parts, Completion after) {
      queue.add(() -> collectives.allToAll(parts, after).await());
      int position = ++enqueued;
      return () -> {
        while (done < position) {
          done++;
          queue.remove().run();
        }
      };
    }

    @Override
    public Completion allGather(Tensor part, Tensor whole, Completion after) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Completion reduceScatter(Tensor whole, Tensor part, Completion after) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Collectives split(int color) {
      throw new UnsupportedOperationException();
    }
  }

  /** Attention that computes nothing. */
  private record Idle(int chunk, RingBuffers buffers, List<String> events) implements Attention {
    @Override
    public void documents(Documents... sequences) {}

    @Override
    public void sequence(int index) {}

    @Override
    public KeyValue own() {
      return buffers.own();
    }

    @Override
    public void forward(Tensor q, Tensor out, Tensor logSumExp) {
      events.add("work " + chunk);
    }

    @Override
    public Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut) {
      events.add("work " + chunk);
      return new Gradient(buffers.querySum(), buffers.ownGradient());
    }
  }

  private static Tensor tensor(
      Arena arena, String name, int tokens, int batch, int heads, int size) {
    return arena.allocate(
        name,
        Allocator.Purpose.ACTIVATIONS,
        DType.F32,
        new Dim("tokens", tokens),
        new Dim("batch", batch),
        new Dim("heads", heads),
        new Dim("head size", size));
  }

  /** The next comes and the one before leaves behind the work of each. */
  @Test
  void chunksAreExchangedBehindTheWorkOfOthers() {
    List<String> wanted =
        List.of(
            "exchange 0",
            "exchange 1",
            "wait for exchange 0",
            "work 0",
            "exchange 2", // leaves
            "wait for exchange 1",
            "work 1",
            "exchange 3",
            "wait for exchange 2",
            "wait for exchange 3");
    List<String> events = new ArrayList<>();
    HeadCounts heads = new HeadCounts(8, 4, 2);
    try (Device device = new CpuDevice(1);
        Arena arena = new Arena(device)) {
      AttentionShape ring = new AttentionShape(10, 10, 1, heads.divided(2 * 2));
      HeadsBuffers buffers =
          HeadsBuffers.allocate(arena, 5, ring, 2, 2, DType.F32, DType.F32, true);
      HeadsExchange exchange =
          new HeadsExchange(
              device,
              new Watched(events),
              new CutLayout(SequenceLayout.of(LayoutKind.ZIGZAG, 10, 1), 2),
              0,
              List.of(0, 1),
              new PhaseTimer(System::nanoTime));
      Attention attention =
          new ExchangedAttention(
              IntStream.range(0, 2)
                  .mapToObj(i -> new Idle(i, buffers.chunks().get(i).ring(), events))
                  .toList(),
              exchange,
              buffers);
      Tensor q = tensor(arena, "q", 5, 1, 8, 2);
      Tensor logSumExp = tensor(arena, "log_sum_exp", 10, 1, 4, 1).view(10, 1, 4);
      attention.forward(q, q, logSumExp);
      assertEquals(wanted, events);
      events.clear();
      attention.backward(q, q, logSumExp, q);
      assertEquals(wanted, events);
    }
  }

  /**
   * All work is done as late as may be, and all is exchanged as late as may be or as soon: the same
   * bits, and to rounding those of one rank.
   */
  @ParameterizedTest(name = "{0} ranks, {1} exchange heads in {2} chunks")
  @CsvSource({"2, 2, 2", "2, 2, 4", "4, 2, 2", "4, 2, 4", "4, 4, 2", "3, 3, 1"})
  void resultsAreTheSameHoweverLate(int ranks, int headRanks, int chunks) {
    int keyValueHeads = headRanks * chunks;
    long seed = System.nanoTime();
    AttentionProblem problem =
        new AttentionProblem(
            29,
            2,
            new HeadCounts(2 * keyValueHeads, keyValueHeads, 4),
            Mask.CAUSAL,
            LayoutKind.ZIGZAG,
            seed);
    Supplier<Device> lateDevice = () -> new LateDevice(5, 2, true);
    AttentionProblem inChunks = problem.exchanged(headRanks, chunks);
    AttentionResult late = solve(inChunks, ranks, lateDevice, Late::new);
    AttentionResult soon = solve(inChunks, ranks, lateDevice, soonest -> soonest);
    AttentionResult alone = solve(problem, 1, ReferenceDevice::new, soonest -> soonest);
    for (int i = 0; i < 5; i++) {
      String what = problem + ", seed " + seed + ", result " + i;
      assertArrayEquals(results(soon).get(i), results(late).get(i), what);
      assertArrayEquals(results(alone).get(i), results(late).get(i), 1e-12, what);
    }
  }

  private static List<double[]> results(AttentionResult of) {
    return List.of(of.out(), of.logSumExp(), of.dQuery(), of.dKey(), of.dValue());
  }

  /** Two passes, so that the second finds what the first has left. */
  private static AttentionResult solve(
      AttentionProblem problem,
      int ranks,
      Supplier<Device> make,
      UnaryOperator<Collectives> exchanging) {
    return LocalCommunicator.run(
            ranks,
            rank -> {
              PhaseTimer timer = new PhaseTimer(System::nanoTime);
              Collectives collectives =
                  exchanging.apply(new HostCollectives(rank, timer.timeline()));
              try (Device device = make.get();
                  AttentionRunner runner =
                      AttentionRunner.ring(problem, rank, collectives, device, DType.F64, timer)) {
                runner.forward();
                runner.backward();
                runner.poison();
                runner.forward();
                runner.backward();
                return runner.gather();
              }
            })
        .get(0);
  }
}
