package ringattention.attention;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import java.util.ArrayList;
import java.util.List;
import ringattention.config.MaskKind;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Mask;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Documents;

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
  private Documents[] sequences = {Documents.ONE};
  private Documents documents = Documents.ONE; // of the sequence attended to

  public VanillaAttention(Device device, MaskKind mask, Buffers buffers, PhaseTimer timer) {
    this.device = device;
    this.mask = mask == MaskKind.CAUSAL ? Mask.CAUSAL : Mask.FULL;
    this.buffers = buffers;
    this.timer = timer;
  }

  @Override
  public void documents(Documents... packed) {
    Attention.require(packed, own().tokens(), own());
    sequences = packed.clone();
    sequence(0);
  }

  @Override
  public void sequence(int index) {
    documents = sequences[index];
  }

  @Override
  public KeyValue own() {
    return buffers.own();
  }

  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      for (Block block : blocks()) {
        device
            .attention()
            .vanillaForward(
                block.rows(q),
                block.rows(own().keys()),
                block.rows(own().values()),
                mask,
                block.scores(buffers.probabilities()),
                block.rows(out),
                block.rows(logSumExp));
      }
    }
  }

  @Override
  public Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      KeyValue gradient = buffers.ownGradient();
      Tensor dq = buffers.queryGradient();
      device.kernels().fill(dq, 0);
      device.kernels().fill(gradient.storage(), 0);
      for (Block block : blocks()) {
        device
            .attention()
            .vanillaBackward(
                block.rows(q),
                block.rows(own().keys()),
                block.rows(own().values()),
                block.scores(buffers.probabilities()),
                block.rows(dOut),
                block.scores(buffers.scoreGradients()),
                block.rows(dq),
                block.rows(gradient.keys()),
                block.rows(gradient.values()));
      }
      return new Gradient(dq, gradient);
    }
  }

  /** A document: a square on the diagonal of the score matrix. */
  private record Block(int from, int to, long firstScore) {
    Tensor rows(Tensor tensor) {
      return tensor.slice(from, to);
    }

    /** [batch, heads, queries, keys], one document's behind the other's. */
    Tensor scores(Tensor whole) {
      long size = to - from;
      long rows = whole.dim(0) * whole.dim(1);
      return whole
          .view(whole.elements())
          .slice(firstScore, firstScore + rows * size * size)
          .view(whole.dim(0), whole.dim(1), size, size);
    }
  }

  private List<Block> blocks() {
    Tensor scores = buffers.probabilities();
    List<Block> blocks = new ArrayList<>();
    int from = 0;
    long firstScore = 0;
    for (int size : documents.lengths(own().tokens())) {
      blocks.add(new Block(from, from + size, firstScore));
      from += size;
      firstScore += scores.dim(0) * scores.dim(1) * size * size;
    }
    return blocks;
  }
}
