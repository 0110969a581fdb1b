package ringattention.attention;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import ringattention.config.MaskKind;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Mask;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;

/**
 * The attention of the original Transformer: every rank holds whole sequences, and the whole score
 * matrix. What the paper measures against, and, in float64, the truth that everything is checked
 * against.
 */
public final class VanillaAttention implements Attention {
  /**
   * @param queryGradient [tokens, batch, heads, headSize]
   * @param probabilities [batch, heads, tokens, tokens]
   * @param scoreGradients [batch, heads, tokens, tokens]
   */
  public record Buffers(
      KeyValue own,
      KeyValue ownGradient,
      Tensor queryGradient,
      Tensor probabilities,
      Tensor scoreGradients) {
    public static Buffers allocate(
        Allocator allocator, AttentionShape shape, DType compute, DType sum) {
      Dim[] scores = {
        new Dim("batch", shape.batch()),
        new Dim("heads", shape.heads()),
        new Dim("queries", shape.tokens()),
        new Dim("keys", shape.tokens())
      };
      return new Buffers(
          KeyValue.allocate(allocator, "attention.key_value", ACTIVATIONS, compute, shape),
          KeyValue.allocate(allocator, "attention.key_value.gradient", ACTIVATIONS, sum, shape),
          allocator.allocate(
              "attention.query_sum",
              ACTIVATIONS,
              sum,
              new Dim("tokens", shape.tokens()),
              new Dim("batch", shape.batch()),
              new Dim("heads", shape.heads()),
              new Dim("head size", shape.headSize())),
          allocator.allocate("attention.probabilities", ACTIVATIONS, compute, scores),
          allocator.allocate("attention.probabilities.gradient", ACTIVATIONS, compute, scores));
    }
  }

  private final Device device;
  private final Mask mask;
  private final Buffers buffers;
  private final PhaseTimer timer;

  public VanillaAttention(Device device, MaskKind mask, Buffers buffers, PhaseTimer timer) {
    this.device = device;
    this.mask = mask == MaskKind.CAUSAL ? Mask.CAUSAL : Mask.FULL;
    this.buffers = buffers;
    this.timer = timer;
  }

  @Override
  public KeyValue own() {
    return buffers.own();
  }

  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      KeyValue own = own();
      device
          .attention()
          .vanillaForward(
              q, own.keys(), own.values(), mask, buffers.probabilities(), out, logSumExp);
    }
  }

  @Override
  public Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      KeyValue own = own();
      KeyValue gradient = buffers.ownGradient();
      Tensor dq = buffers.queryGradient();
      device.kernels().fill(dq, 0);
      device.kernels().fill(gradient.storage(), 0);
      device
          .attention()
          .vanillaBackward(
              q,
              own.keys(),
              own.values(),
              buffers.probabilities(),
              dOut,
              buffers.scoreGradients(),
              dq,
              gradient.keys(),
              gradient.values());
      return new Gradient(dq, gradient);
    }
  }
}
