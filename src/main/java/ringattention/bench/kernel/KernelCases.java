package ringattention.bench.kernel;

import static ringattention.bench.kernel.Operand.Kind.COMPUTE;
import static ringattention.bench.kernel.Operand.Kind.FREQUENCIES;
import static ringattention.bench.kernel.Operand.Kind.INDEX;
import static ringattention.bench.kernel.Operand.Kind.SQUARES;
import static ringattention.bench.kernel.Operand.Kind.SUM;
import static ringattention.bench.kernel.Operand.Role.READ;
import static ringattention.bench.kernel.Operand.Role.UPDATE;
import static ringattention.bench.kernel.Operand.Role.WRITE;
import static ringattention.bench.kernel.Operand.rows;
import static ringattention.bench.kernel.Operand.shared;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.HeadCounts;
import ringattention.device.Kernels.AdamW;
import ringattention.device.RotaryTable;
import ringattention.device.Tensor;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.validate.AttentionProblem;

/** The kernels of one block of a Transformer, of its loss and of its optimizer. */
public final class KernelCases {
  private static final double EPSILON = 1e-5; // of RMSNorm
  private static final AdamW SETTINGS = new AdamW(1e-3, 0.9, 0.95, 1e-8, 0.1, 10, 1);

  private final BenchKernelsConfig config;
  private final PhaseTimer timer;

  KernelCases(BenchKernelsConfig config, PhaseTimer timer) {
    this.config = config;
    this.timer = timer;
  }

  /** A copy of large tensors of one type: what the device's memory gives. */
  KernelCase copy() {
    int width = config.feedForward();
    return byRow(
        "copy",
        width,
        1,
        List.of(rows("from", READ, COMPUTE, width), rows("to", WRITE, COMPUTE, width)),
        (device, t) -> device.kernels().copy(t.get(0), t.get(1)));
  }

  /** All but {@link #copy}. */
  List<KernelCase> others() {
    List<KernelCase> cases = new ArrayList<>();
    products(cases, "qkvo", config.hidden(), config.hidden());
    products(cases, "gate_up", config.hidden(), config.feedForward());
    products(cases, "down", config.feedForward(), config.hidden());
    plain(cases);
    layers(cases);
    HeadCounts grouped = config.heads();
    HeadCounts heads = grouped.ungrouped();
    config.causal().forEach(length -> attention(cases, length, Mask.CAUSAL, heads));
    config.full().forEach(length -> attention(cases, length, Mask.FULL, heads));
    config.grouped().forEach(length -> attention(cases, length, Mask.CAUSAL, grouped));
    return cases;
  }

  /** x W, dY W^T and, added to sums, x^T dY. */
  private void products(List<KernelCase> cases, String name, int in, int out) {
    int tokens = config.tokens();
    cases.add(new MatrixProduct(name + "_forward", tokens, in, out, false, false, false));
    cases.add(new MatrixProduct(name + "_input_gradient", tokens, out, in, false, true, false));
    cases.add(new MatrixProduct(name + "_weight_gradient", in, tokens, out, true, false, true));
  }

  private void plain(List<KernelCase> cases) {
    int width = config.feedForward();
    cases.add(
        byRow(
            "copyToSums",
            width,
            1,
            List.of(rows("from", READ, COMPUTE, width), rows("to", WRITE, SUM, width)),
            (device, t) -> device.kernels().copy(t.get(0), t.get(1))));
    cases.add(
        byRow(
            "fill",
            width,
            1,
            List.of(rows("to", WRITE, SUM, width)),
            (device, t) -> device.kernels().fill(t.get(0), 1)));
    cases.add(
        byRow(
            "add",
            width,
            1,
            List.of(rows("to", UPDATE, SUM, width), rows("from", READ, SUM, width)),
            (device, t) -> device.kernels().add(t.get(0), t.get(1))));
    cases.add(
        byRow(
            "adamW",
            width,
            1,
            List.of(
                rows("weight", UPDATE, SUM, width),
                rows("momentum", UPDATE, SUM, width),
                rows("variance", UPDATE, SQUARES, width),
                rows("gradient", READ, SUM, width)),
            (device, t) ->
                device
                    .kernels()
                    .adamW(
                        flat(t.get(0)), flat(t.get(1)), flat(t.get(2)), flat(t.get(3)), SETTINGS)));
  }

  private void layers(List<KernelCase> cases) {
    int hidden = config.hidden();
    int width = config.feedForward();
    int heads = config.heads().query();
    int size = config.heads().size();
    cases.add(
        byRow(
            "rmsNorm",
            hidden,
            hidden,
            List.of(
                rows("x", READ, COMPUTE, hidden),
                shared("weight", READ, COMPUTE, hidden),
                rows("out", WRITE, COMPUTE, hidden)),
            (device, t) -> device.kernels().rmsNorm(t.get(0), t.get(1), EPSILON, t.get(2))));
    cases.add(
        byRow(
            "rmsNormBackward",
            hidden,
            hidden,
            List.of(
                rows("x", READ, COMPUTE, hidden),
                shared("weight", READ, COMPUTE, hidden),
                rows("dOut", READ, COMPUTE, hidden),
                rows("dx", UPDATE, COMPUTE, hidden),
                shared("dWeight", UPDATE, SUM, hidden)),
            (device, t) ->
                device
                    .kernels()
                    .rmsNormBackward(t.get(0), t.get(1), EPSILON, t.get(2), t.get(3), t.get(4))));
    cases.add(
        byRow(
            "rotate",
            hidden,
            1,
            List.of(
                rows("x", UPDATE, COMPUTE, 1, heads, size),
                rows("positions", READ, INDEX),
                shared("frequencies", READ, FREQUENCIES, size / 2)),
            (device, t) ->
                device.kernels().rotate(t.get(0), t.get(1), new RotaryTable(t.get(2), 1), false)));
    cases.add(
        byRow( // all heads of one tensor behind one head of another
            "copyHeads",
            hidden,
            1,
            List.of(
                rows("from", READ, COMPUTE, 1, heads, size),
                rows("first", READ, COMPUTE, 1, 1, size),
                rows("to", WRITE, COMPUTE, 1, heads + 1, size)),
            (device, t) -> {
              device.kernels().copyHeads(t.get(1), 0, t.get(2), 0, 1);
              device.kernels().copyHeads(t.get(0), 0, t.get(2), 1, heads);
            }));
    cases.add(
        byRow(
            "swiGlu",
            width,
            1,
            List.of(
                rows("gate", READ, COMPUTE, width),
                rows("up", READ, COMPUTE, width),
                rows("out", WRITE, COMPUTE, width)),
            (device, t) -> device.kernels().swiGlu(t.get(0), t.get(1), t.get(2))));
    cases.add(
        byRow(
            "swiGluBackward",
            width,
            1,
            List.of(
                rows("gate", READ, COMPUTE, width),
                rows("up", READ, COMPUTE, width),
                rows("dOut", READ, COMPUTE, width),
                rows("dGate", WRITE, COMPUTE, width),
                rows("dUp", WRITE, COMPUTE, width)),
            (device, t) ->
                device.kernels().swiGluBackward(t.get(0), t.get(1), t.get(2), t.get(3), t.get(4))));
    cases.add(crossEntropy());
    cases.add(
        byRow(
            "merge",
            hidden,
            1,
            List.of(
                rows("out", UPDATE, SUM, 1, heads, size),
                rows("logSumExp", UPDATE, SUM, 1, heads),
                rows("blockOut", READ, COMPUTE, 1, heads, size),
                rows("blockLogSumExp", READ, SUM, 1, heads)),
            (device, t) ->
                device.attention().merge(t.get(0), t.get(1), t.get(2), t.get(3), t.get(0))));
  }

  /**
   * The label of a row is its number, which is below the vocabulary for as many rows as there are.
   */
  private KernelCase crossEntropy() {
    int vocabulary = config.vocabulary();
    int tokens = Math.min(config.tokens(), vocabulary);
    return new RowKernel(
        "crossEntropy",
        tokens + "x" + vocabulary,
        tokens,
        vocabulary,
        List.of(
            rows("logits", UPDATE, COMPUTE, vocabulary),
            rows("labels", READ, INDEX),
            shared("lossSum", UPDATE, SUM, 1)),
        (device, t) -> device.kernels().crossEntropy(t.get(0), t.get(1), 1, t.get(2)));
  }

  private KernelCase byRow(
      String kernel, int width, int reduced, List<Operand> operands, RowKernel.Call call) {
    String shape = config.tokens() + "x" + width;
    return new RowKernel(kernel, shape, config.tokens(), reduced, operands, call);
  }

  private void attention(List<KernelCase> cases, int length, Mask mask, HeadCounts heads) {
    AttentionProblem problem =
        new AttentionProblem(length, 1, heads, mask, LayoutKind.CONTIGUOUS, 1);
    cases.add(new AttentionKernel(problem, false, timer));
    cases.add(new AttentionKernel(problem, true, timer));
  }

  private static Tensor flat(Tensor tensor) {
    return tensor.view(tensor.elements());
  }
}
