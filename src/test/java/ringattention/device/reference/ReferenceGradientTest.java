package ringattention.device.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static ringattention.device.reference.HostTensors.random;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.RotaryTable;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/**
 * Every backward of the reference against central differences of its forward. With step h = 1e-5
 * the difference quotient is off by about h^2 = 1e-10 (third derivative) and 1e-16 / h = 1e-11
 * (rounding), times values up to about 100: hence 1e-7.
 */
class ReferenceGradientTest {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-7;

  /** The gradient is added to what was there: every dx starts from this. */
  private static final double START = 0.25;

  private interface Forward {
    Tensor apply(HostTensors tensors, double[]... inputs);
  }

  private interface Backward {
    /** One gradient per input, given the gradient of the output. */
    Tensor[] apply(HostTensors tensors, double[] dOut, double[]... inputs);
  }

  /**
   * @param start what the backward found in the gradients it adds to; 0 if it overwrites
   * @param outputs number of elements of the output
   */
  private static void check(
      Forward forward, Backward backward, double start, int outputs, double[]... inputs) {
    double[] dOut = random(99, outputs);
    double[][] gradients;
    try (HostTensors tensors = new HostTensors()) {
      gradients =
          Arrays.stream(backward.apply(tensors, dOut, inputs))
              .map(tensors::read)
              .toArray(double[][]::new);
    }
    assertEquals(inputs.length, gradients.length);
    for (int input = 0; input < inputs.length; input++) {
      for (int i = 0; i < inputs[input].length; i++) {
        double value = inputs[input][i];
        inputs[input][i] = value + STEP;
        double above = weighted(forward, dOut, inputs);
        inputs[input][i] = value - STEP;
        double below = weighted(forward, dOut, inputs);
        inputs[input][i] = value;
        double expected = start + (above - below) / (2 * STEP);
        assertEquals(expected, gradients[input][i], TOLERANCE, "input " + input + ", element " + i);
      }
    }
  }

  private static double weighted(Forward forward, double[] weights, double[]... inputs) {
    try (HostTensors tensors = new HostTensors()) {
      double[] out = tensors.read(forward.apply(tensors, inputs));
      double sum = 0;
      for (int i = 0; i < out.length; i++) {
        sum += weights[i] * out[i];
      }
      return sum;
    }
  }

  @Test
  void linear() {
    int rows = 3;
    int in = 4;
    int out = 5;
    check(
        (t, x) -> {
          Tensor y = t.poisoned(rows, out);
          t.kernels().matmul(t.of(x[0], rows, in), false, t.of(x[1], out, in), true, y, false);
          return y;
        },
        (t, dOut, x) -> {
          Tensor dy = t.of(dOut, rows, out);
          Tensor dx = t.constant(START, rows, in);
          Tensor dWeight = t.constant(START, out, in);
          t.kernels().matmul(dy, false, t.of(x[1], out, in), false, dx, true);
          t.kernels().matmul(dy, true, t.of(x[0], rows, in), false, dWeight, true);
          return new Tensor[] {dx, dWeight};
        },
        START,
        rows * out,
        random(1, rows * in),
        random(2, out * in));
  }

  @Test
  void rmsNorm() {
    int rows = 3;
    int hidden = 5;
    double epsilon = 0.1; // large enough to matter
    check(
        (t, x) -> {
          Tensor out = t.poisoned(rows, hidden);
          t.kernels().rmsNorm(t.of(x[0], rows, hidden), t.of(x[1], hidden), epsilon, out);
          return out;
        },
        (t, dOut, x) -> {
          Tensor dx = t.constant(START, rows, hidden);
          Tensor dWeight = t.constant(START, hidden);
          t.kernels()
              .rmsNormBackward(
                  t.of(x[0], rows, hidden),
                  t.of(x[1], hidden),
                  epsilon,
                  t.of(dOut, rows, hidden),
                  dx,
                  dWeight);
          return new Tensor[] {dx, dWeight};
        },
        START,
        rows * hidden,
        random(1, rows * hidden),
        random(2, hidden));
  }

  @Test
  void rotate() {
    long[] shape = {3, 2, 2, 6};
    int[] positions = {0, 7, 1000};
    double[] frequencies = {1, 0.3, 0.01};
    check(
        (t, x) -> {
          Tensor out = t.of(x[0], shape);
          t.kernels()
              .rotate(
                  out, t.integers(positions), new RotaryTable(t.of(frequencies, 3), 1.3), false);
          return out;
        },
        (t, dOut, x) -> {
          Tensor dx = t.of(dOut, shape);
          t.kernels()
              .rotate(dx, t.integers(positions), new RotaryTable(t.of(frequencies, 3), 1.3), true);
          return new Tensor[] {dx};
        },
        0,
        72,
        random(1, 72));
  }

  @Test
  void swiGlu() {
    check(
        (t, x) -> {
          Tensor out = t.poisoned(2, 4);
          t.kernels().swiGlu(t.of(x[0], 2, 4), t.of(x[1], 2, 4), out);
          return out;
        },
        (t, dOut, x) -> {
          Tensor dGate = t.poisoned(2, 4);
          Tensor dUp = t.poisoned(2, 4);
          t.kernels()
              .swiGluBackward(t.of(x[0], 2, 4), t.of(x[1], 2, 4), t.of(dOut, 2, 4), dGate, dUp);
          return new Tensor[] {dGate, dUp};
        },
        0,
        8,
        random(1, 8),
        random(2, 8));
  }

  @Test
  void embed() {
    int[] tokens = {2, 0, 2, 2};
    check(
        (t, x) -> {
          Tensor out = t.poisoned(4, 3);
          t.kernels().embed(t.integers(tokens), t.of(x[0], 5, 3), out);
          return out;
        },
        (t, dOut, x) -> {
          Tensor dTable = t.constant(START, 5, 3);
          t.kernels().embedBackward(t.integers(tokens), t.of(dOut, 4, 3), dTable);
          return new Tensor[] {dTable};
        },
        START,
        12,
        random(1, 15));
  }

  @Test
  void crossEntropy() {
    int[] labels = {1, -1, 4};
    check(
        (t, x) -> {
          Tensor loss = t.constant(0, 1);
          t.kernels().crossEntropy(t.of(x[0], 3, 5), t.integers(labels), 1, loss);
          return loss;
        },
        (t, dOut, x) -> {
          Tensor logits = t.of(x[0], 3, 5);
          t.kernels().crossEntropy(logits, t.integers(labels), dOut[0], t.constant(0, 1));
          return new Tensor[] {logits};
        },
        0,
        1,
        random(1, 15));
  }

  @Test
  void squaredError() {
    int[] labels = {0, -1, 0};
    check(
        (t, x) -> {
          Tensor loss = t.constant(0, 1);
          Tensor targets = t.of(random(2, 12), 3, 4);
          t.kernels().squaredError(t.of(x[0], 3, 4), targets, t.integers(labels), 1, loss);
          return loss;
        },
        (t, dOut, x) -> {
          Tensor z = t.of(x[0], 3, 4);
          Tensor targets = t.of(random(2, 12), 3, 4);
          t.kernels().squaredError(z, targets, t.integers(labels), dOut[0], t.constant(0, 1));
          return new Tensor[] {z};
        },
        0,
        1,
        random(1, 12));
  }

  /**
   * @param split keys of the first of two blocks that are merged; 0 for one block
   */
  record Case(
      int queries, int keys, int batch, int heads, int keyValueHeads, Mask mask, int split) {
    static final int HEAD_SIZE = 4;

    long[] query() {
      return new long[] {queries, batch, heads, HEAD_SIZE};
    }

    long[] key() {
      return new long[] {keys, batch, keyValueHeads, HEAD_SIZE};
    }

    int queryElements() {
      return queries * batch * heads * HEAD_SIZE;
    }

    int keyElements() {
      return keys * batch * keyValueHeads * HEAD_SIZE;
    }

    double[][] inputs() {
      return new double[][] {
        random(1, queryElements()), random(2, keyElements()), random(3, keyElements())
      };
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(3, 3, 1, 1, 1, Mask.FULL, 0),
        new Case(4, 4, 1, 2, 2, Mask.CAUSAL, 0),
        new Case(3, 5, 2, 2, 1, Mask.FULL, 0),
        new Case(5, 3, 2, 4, 2, Mask.CAUSAL, 0),
        new Case(3, 5, 1, 2, 1, Mask.CAUSAL, 0),
        new Case(1, 1, 1, 1, 1, Mask.CAUSAL, 0));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void vanillaAttention(Case c) {
    check(
        (t, x) -> vanilla(t, c, t.poisoned(c.batch, c.heads, c.queries, c.keys), x),
        (t, dOut, x) -> {
          Tensor probabilities = t.poisoned(c.batch, c.heads, c.queries, c.keys);
          vanilla(t, c, probabilities, x);
          Tensor[] gradients = gradients(t, c);
          t.attention()
              .vanillaBackward(
                  t.of(x[0], c.query()),
                  t.of(x[1], c.key()),
                  t.of(x[2], c.key()),
                  probabilities,
                  t.of(dOut, c.query()),
                  t.poisoned(probabilities.shape()),
                  gradients[0],
                  gradients[1],
                  gradients[2]);
          return gradients;
        },
        START,
        c.queryElements(),
        c.inputs());
  }

  private static Tensor vanilla(HostTensors t, Case c, Tensor probabilities, double[][] x) {
    Tensor out = t.poisoned(c.query());
    t.attention()
        .vanillaForward(
            t.of(x[0], c.query()),
            t.of(x[1], c.key()),
            t.of(x[2], c.key()),
            c.mask,
            probabilities,
            out,
            t.poisoned(c.queries, c.batch, c.heads));
    return out;
  }

  static Stream<Case> blockCases() {
    return Stream.concat(
        cases(),
        Stream.of(
            new Case(3, 5, 2, 2, 1, Mask.FULL, 2),
            new Case(5, 5, 1, 2, 2, Mask.FULL, 4),
            new Case(4, 6, 1, 2, 1, Mask.CAUSAL, 2)));
  }

  /**
   * The backward of each block gets the merged output and log-sum-exp. The second block is causal,
   * the first one full.
   */
  @ParameterizedTest
  @MethodSource("blockCases")
  void blockAttention(Case c) {
    check(
        (t, x) ->
            blocks(t, c, t.constant(Double.NEGATIVE_INFINITY, c.queries, c.batch, c.heads), x),
        (t, dOut, x) -> {
          Tensor logSumExp = t.constant(Double.NEGATIVE_INFINITY, c.queries, c.batch, c.heads);
          Tensor out = blocks(t, c, logSumExp, x);
          Tensor[] d = gradients(t, c);
          Tensor q = t.of(x[0], c.query());
          Tensor k = t.of(x[1], c.key());
          Tensor v = t.of(x[2], c.key());
          Tensor dy = t.of(dOut, c.query());
          for (int[] range : ranges(c)) {
            Tensor dk = d[1].slice(range[0], range[1]);
            Tensor dv = d[2].slice(range[0], range[1]);
            Tensor keys = k.slice(range[0], range[1]);
            Tensor values = v.slice(range[0], range[1]);
            t.attention()
                .backward(
                    q,
                    keys,
                    values,
                    mask(c, range),
                    out,
                    logSumExp,
                    dy,
                    new Heads(0, c.keyValueHeads),
                    new Gradients(d[0], true, dk, dv, true));
          }
          return d;
        },
        START,
        c.queryElements(),
        c.inputs());
  }

  private static Tensor blocks(HostTensors t, Case c, Tensor logSumExp, double[][] x) {
    Tensor out = t.poisoned(c.query());
    for (int[] range : ranges(c)) {
      Tensor blockOut = t.poisoned(c.query());
      Tensor blockLogSumExp = t.poisoned(logSumExp.shape());
      Tensor k = t.of(x[1], c.key()).slice(range[0], range[1]);
      Tensor v = t.of(x[2], c.key()).slice(range[0], range[1]);
      t.attention().forward(t.of(x[0], c.query()), k, v, mask(c, range), blockOut, blockLogSumExp);
      t.attention().merge(out, logSumExp, blockOut, blockLogSumExp, out);
    }
    return out;
  }

  private static int[][] ranges(Case c) {
    return c.split == 0 ? new int[][] {{0, c.keys}} : new int[][] {{0, c.split}, {c.split, c.keys}};
  }

  private static Mask mask(Case c, int[] range) {
    return range[1] == c.keys ? c.mask : Mask.FULL;
  }

  private static Tensor[] gradients(HostTensors t, Case c) {
    return new Tensor[] {
      t.constant(START, c.query()), t.constant(START, c.key()), t.constant(START, c.key())
    };
  }
}
