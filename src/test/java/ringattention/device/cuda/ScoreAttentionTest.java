package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.device.Memory;
import ringattention.device.Tensor;
import ringattention.device.reference.ReferenceDevice;
import ringattention.shard.Mask;

/**
 * The schedule of attention by matrix products, over passes on the host, against the reference:
 * tiles, heads, strides, and what is overwritten or added to.
 */
class ScoreAttentionTest {
  private static final long SHORT_ROWS = 1; // tiles of one row
  private static final long SOME_ROWS = 1200; // bytes: several heads, or a part of the queries
  private static final long WHOLE = 1 << 20;

  record Case(BlockShape shape, Mask mask, Heads heads, DType compute, long tileBytes) {
    /** Largest error of an element, in units of the largest element. */
    double tolerance() {
      return compute == DType.F32 ? 1e-5 : 3e-2;
    }
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (BlockShape shape :
        List.of(
            new BlockShape(1, 1, 1, new HeadCounts(1, 1, 2)),
            new BlockShape(7, 3, 2, new HeadCounts(4, 2, 10)),
            new BlockShape(3, 7, 2, new HeadCounts(4, 1, 10)),
            new BlockShape(9, 11, 2, new HeadCounts(3, 3, 4)),
            new BlockShape(33, 17, 3, new HeadCounts(6, 2, 5)),
            new BlockShape(40, 35, 1, new HeadCounts(2, 2, 8)),
            new BlockShape(3, 0, 1, new HeadCounts(2, 1, 4)),
            new BlockShape(0, 3, 2, new HeadCounts(2, 1, 4)))) {
      for (Mask mask : Mask.values()) {
        for (DType compute : List.of(DType.F32, DType.BF16)) {
          for (long tileBytes : List.of(SHORT_ROWS, SOME_ROWS, WHOLE)) {
            int keyHeads = shape.heads().keyValue();
            cases.add(new Case(shape, mask, new Heads(0, keyHeads), compute, tileBytes));
            cases.add(new Case(shape, mask, new Heads(keyHeads / 2, keyHeads), compute, tileBytes));
          }
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void blockAttention(Case given) {
    try (Both both = new Both(given)) {
      Pair q = both.query();
      Pair k = both.key();
      Pair v = both.key();
      Pair out = both.poisoned(given.compute, both.queryShape());
      Pair logSumExp = both.poisoned(DType.F32, both.logShape());
      both.reference
          .attention()
          .forward(q.truth, k.truth, v.truth, given.mask, out.truth, logSumExp.truth);
      both.tested.forward(q.tensor, k.tensor, v.tensor, given.mask, out.tensor, logSumExp.tensor);
      both.compare("out", out);
      both.compare("logSumExp", logSumExp);

      for (boolean add : new boolean[] {true, false}) {
        Pair dOut = both.query();
        Pair dq = both.random(DType.F32, both.queryShape());
        Pair dk = add ? both.random(DType.F32, both.keyShape()) : both.poisonedKey();
        Pair dv = add ? both.random(DType.F32, both.keyShape()) : both.poisonedKey();
        both.reference
            .attention()
            .backward(
                q.truth,
                k.truth,
                v.truth,
                given.mask,
                out.truth,
                logSumExp.truth,
                dOut.truth,
                given.heads,
                new Gradients(dq.truth, add, dk.truth, dv.truth, add));
        both.tested.backward(
            q.tensor,
            k.tensor,
            v.tensor,
            given.mask,
            out.tensor,
            logSumExp.tensor,
            dOut.tensor,
            given.heads,
            new Gradients(dq.tensor, add, dk.tensor, dv.tensor, add));
        both.compare("dq, add " + add, dq);
        both.compare("dk, add " + add, dk);
        both.compare("dv, add " + add, dv);
      }
      assertTrue(
          both.passes.largestScratch()
              <= new ScoreScratch(given.compute, given.tileBytes)
                  .bytes(given.shape, given.mask, given.heads),
          both.passes.largestScratch() + " bytes of scratch");
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void vanillaAttention(Case given) {
    try (Both both = new Both(given)) {
      BlockShape shape = given.shape;
      Pair q = both.query();
      Pair k = both.key();
      Pair v = both.key();
      long[] scores = {shape.batch(), shape.heads().query(), shape.queries(), shape.keys()};
      Pair probabilities = both.poisoned(given.compute, scores);
      Pair dScores = both.poisoned(given.compute, scores);
      Pair out = both.poisoned(DType.F32, both.queryShape());
      Pair logSumExp = both.poisoned(DType.F32, both.logShape());
      both.reference
          .attention()
          .vanillaForward(
              q.truth,
              k.truth,
              v.truth,
              given.mask,
              probabilities.truth,
              out.truth,
              logSumExp.truth);
      both.tested.vanillaForward(
          q.tensor,
          k.tensor,
          v.tensor,
          given.mask,
          probabilities.tensor,
          out.tensor,
          logSumExp.tensor);
      both.compare("probabilities", probabilities);
      both.compare("out", out);
      both.compare("logSumExp", logSumExp);

      Pair dOut = both.query();
      Pair dq = both.random(DType.F32, both.queryShape());
      Pair dk = both.random(DType.F32, both.keyShape());
      Pair dv = both.random(DType.F32, both.keyShape());
      both.reference
          .attention()
          .vanillaBackward(
              q.truth,
              k.truth,
              v.truth,
              probabilities.truth,
              dOut.truth,
              dScores.truth,
              dq.truth,
              dk.truth,
              dv.truth);
      both.tested.vanillaBackward(
          q.tensor,
          k.tensor,
          v.tensor,
          probabilities.tensor,
          dOut.tensor,
          dScores.tensor,
          dq.tensor,
          dk.tensor,
          dv.tensor);
      both.compare("dq", dq);
      both.compare("dk", dk);
      both.compare("dv", dv);
      assertEquals(
          new ScoreScratch(given.compute, given.tileBytes).vanillaBytes(shape, Mask.FULL) == 0,
          both.passes.largestScratch() == 0);
      assertTrue(
          both.passes.largestScratch()
              <= new ScoreScratch(given.compute, given.tileBytes).vanillaBytes(shape, Mask.FULL),
          both.passes.largestScratch() + " bytes of scratch");
    }
  }

  /** One tensor of the tested type and its values in the reference. */
  private record Pair(Tensor tensor, Tensor truth) {}

  private static final class Both implements AutoCloseable {
    private final Case given;
    private final BlockShape shape;
    private final Random random = new Random(7);
    private final ReferenceDevice reference = new ReferenceDevice();
    private final HostScorePasses passes = new HostScorePasses(reference::allocate);
    private final ScoreAttention tested;
    private final List<Memory> truths = new ArrayList<>();

    Both(Case given) {
      this.given = given;
      this.shape = given.shape;
      this.tested = new ScoreAttention(passes, new ScoreScratch(given.compute, given.tileBytes));
    }

    long[] queryShape() {
      return new long[] {
        shape.queries(), shape.batch(), shape.heads().query(), shape.heads().size()
      };
    }

    long[] keyShape() {
      return new long[] {
        shape.keys(), shape.batch(), shape.heads().keyValue(), shape.heads().size()
      };
    }

    long[] logShape() {
      return new long[] {shape.queries(), shape.batch(), shape.heads().query()};
    }

    Pair query() {
      return random(given.compute, queryShape());
    }

    Pair key() {
      return random(given.compute, keyShape());
    }

    Pair poisonedKey() {
      return poisoned(DType.F32, keyShape());
    }

    Pair random(DType dtype, long... extents) {
      return filled(dtype, false, extents);
    }

    Pair poisoned(DType dtype, long... extents) {
      return filled(dtype, true, extents);
    }

    /** Multiples of 1/64 below 2: exact in bfloat16. */
    private Pair filled(DType dtype, boolean poison, long... extents) {
      Tensor planned = new Tensor(null, 0, dtype, extents);
      Memory truth = reference.allocate(planned.elements() * Double.BYTES);
      truths.add(truth);
      Pair pair =
          new Pair(
              new Tensor(passes.allocate(planned.bytes()), 0, dtype, extents),
              new Tensor(truth, 0, DType.F64, extents));
      double[] values = new double[(int) planned.elements()];
      for (int i = 0; i < values.length; i++) {
        values[i] = poison ? Double.NaN : (random.nextInt(255) - 127) / 64.0;
        HostScorePasses.put(pair.tensor.address() + (long) i * dtype.bytes(), dtype, values[i]);
      }
      reference.write(pair.truth, values);
      return pair;
    }

    void compare(String name, Pair pair) {
      double[] truth = reference.read(pair.truth);
      double scale = 0;
      for (double value : truth) {
        scale = Math.max(scale, Double.isFinite(value) ? Math.abs(value) : 0);
      }
      DType dtype = pair.tensor.dtype();
      for (int i = 0; i < truth.length; i++) {
        double actual =
            HostScorePasses.get(pair.tensor.address() + (long) i * dtype.bytes(), dtype);
        boolean close =
            truth[i] == actual
                || Double.isNaN(truth[i]) && Double.isNaN(actual)
                || Math.abs(actual - truth[i]) <= given.tolerance() * scale;
        assertTrue(close, name + "[" + i + "] = " + actual + ", reference " + truth[i]);
      }
    }

    @Override
    public void close() {
      tested.close();
      truths.forEach(Memory::close);
      assertEquals(0, reference.allocatedBytes());
      reference.close();
    }
  }
}
