package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.LocalCommunicator;
import ringattention.comm.RingExchange;
import ringattention.device.Allocator;
import ringattention.device.Allocator.Purpose;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;
import ringattention.device.Tensor;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;

/** Sequences that are attended to one after the other give what each gives alone. */
class SequencesInTurnsTest {
  private static final int TOKENS = 5;
  private static final int BATCH = 2;

  private final Device device = new ReferenceDevice();
  private final Allocator memory =
      (name, purpose, dtype, dims) -> {
        Tensor shape = new Tensor(null, 0, dtype, Allocator.shape(dims));
        long bytes = shape.elements() * dtype.bytes();
        return new Tensor(device.allocate(bytes), 0, dtype, shape.shape());
      };

  @AfterEach
  void close() {
    device.close();
  }

  private static AttentionShape shape(int batch) {
    return new AttentionShape(TOKENS, TOKENS, batch, new HeadCounts(2, 1, 4));
  }

  private Attention vanilla(int batch, int turns) {
    return new VanillaAttention(
        device,
        Mask.CAUSAL,
        VanillaAttention.Buffers.allocate(
            memory, shape(batch), turns, true, device.compute(), device.sum()),
        new PhaseTimer(System::nanoTime));
  }

  private Attention ring(int batch) {
    return new RingAttention(
        device,
        SequenceLayout.of(LayoutKind.CONTIGUOUS, TOKENS, 1),
        Mask.CAUSAL,
        0,
        new RingExchange(LocalCommunicator.single()),
        new RingExchange(LocalCommunicator.single()),
        RingBuffers.allocate(memory, shape(batch), device.compute(), device.sum(), true),
        new PhaseTimer(System::nanoTime));
  }

  private Tensor tensor(Dim... dims) {
    return memory.allocate("test", Purpose.ACTIVATIONS, DType.F64, dims);
  }

  private static double[] numbers(long seed, Tensor of) {
    return new Random(seed).doubles(of.elements()).toArray();
  }

  /** Queries, output and the rest of the sequences of one turn. */
  private final class Turn {
    private final Attention attention;
    private final int index;
    private final Tensor query;
    private final Tensor dOut;
    private final Tensor out;
    private final Tensor logSumExp;

    Turn(Attention attention, int batch, int index) {
      this.attention = attention;
      this.index = index;
      Dim[] rows = {new Dim("tokens", TOKENS), new Dim("batch", batch), new Dim("heads", 2)};
      Dim[] elements = {rows[0], rows[1], rows[2], new Dim("head size", 4)};
      this.query = tensor(elements);
      this.dOut = tensor(elements);
      this.out = tensor(elements);
      this.logSumExp = tensor(rows);
      device.write(query, numbers(10L * index, query));
      device.write(dOut, numbers(10L * index + 1, dOut));
    }

    /** Every turn's keys and values go through the same buffer. */
    private void load() {
      Tensor own = attention.own().pieces().get(0);
      device.write(own, numbers(10L * index + 2, own));
    }

    double[] forward() {
      load();
      attention.forward(query, out, logSumExp);
      return device.read(out);
    }

    double[] backward() {
      load();
      return device.read(attention.backward(query, out, logSumExp, dOut).query());
    }
  }

  /** A second forward must not take away what the first one's backward needs. */
  @Test
  void whatEachLeavesForItsBackwardStays() {
    int turns = 3;
    Attention together = vanilla(BATCH, turns);
    together.documents(Documents.ONE, Documents.ONE, Documents.ONE);
    Turn[] all = new Turn[turns];
    double[][] alone = new double[turns][];
    for (int i = 0; i < turns; i++) {
      Turn single = new Turn(vanilla(BATCH, 1), BATCH, i);
      double[] out = single.forward();
      alone[i] = single.backward();
      all[i] = new Turn(together, BATCH, i);
      together.sequence(i);
      assertArrayEquals(out, all[i].forward(), "turn " + i);
    }
    for (int i = 0; i < turns; i++) {
      together.sequence(i);
      assertArrayEquals(alone[i], all[i].backward(), "turn " + i);
    }
  }

  /** The next batch begins with its first sequence, and may have fewer than the one before. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void newDocumentsBeginWithTheFirst(boolean vanilla) {
    Attention attention = vanilla ? vanilla(1, 2) : ring(1);
    Turn turn = new Turn(attention, 1, 0);
    attention.documents(Documents.startingAt(0, 2));
    double[] cut = turn.forward();
    attention.documents(Documents.ONE, Documents.ONE);
    attention.sequence(1);
    turn.forward();
    attention.documents(Documents.startingAt(0, 2));
    assertArrayEquals(cut, turn.forward());
  }

  /** Whoever says nothing of documents, as the trial of a ring, has whole sequences. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void untilItIsToldEverySequenceIsOneDocument(boolean vanilla) {
    Attention attention = vanilla ? vanilla(BATCH, 1) : ring(BATCH);
    Turn turn = new Turn(attention, BATCH, 0);
    double[] untold = turn.forward();
    attention.documents(Documents.ONE);
    assertArrayEquals(turn.forward(), untold);
  }

  /** An evaluation needs no scores of a turn that is over: a plan has room for one. */
  @Test
  void turnsShareTheirScoresWithoutABackward() {
    for (boolean backward : new boolean[] {true, false}) {
      MemoryPlan plan = new MemoryPlan();
      VanillaAttention.Buffers.allocate(plan, shape(BATCH), 3, backward, DType.F32, DType.F32);
      List<Long> sequences =
          plan.buffers().stream()
              .filter(buffer -> buffer.name().startsWith("attention.probabilities"))
              .map(buffer -> buffer.dims().get(0).size())
              .toList();
      assertEquals(backward ? List.of(3L * BATCH, (long) BATCH) : List.of((long) BATCH), sequences);
    }
  }
}
