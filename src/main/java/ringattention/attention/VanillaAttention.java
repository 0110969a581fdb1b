package ringattention.attention;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Documents;
import ringattention.shard.Mask;

/**
 * The attention of the original Transformer: every rank holds whole sequences, and the whole score
 * matrix. What the paper measures against, and, in float64, the truth that everything is checked
 * against.
 */
public final class VanillaAttention implements Attention {
  /**
   * @param queryGradient [tokens, batch, heads, headSize]
   * @param probabilities [turns * batch, heads, tokens, tokens]: those of every sequence's forward
   *     are needed until its backward
   * @param scoreGradients [batch, heads, tokens, tokens]
   */
  public record Buffers(
      KeyValue own,
      KeyValue ownGradient,
      Tensor queryGradient,
      Tensor probabilities,
      Tensor scoreGradients) {
    /**
     * @param shape of one call
     * @param turns calls of a forward, each with sequences of its own
     * @param backward whether there is one: without it there are no gradients, and the calls share
     *     one matrix of probabilities
     */
    public static Buffers allocate(
        Allocator allocator,
        AttentionShape shape,
        int turns,
        boolean backward,
        DType compute,
        DType sum) {
      Dim heads = new Dim("heads", shape.heads().query());
      Dim queries = new Dim("queries", shape.tokens());
      Dim keys = new Dim("keys", shape.tokens());
      Dim batch = new Dim("batch", shape.batch());
      Dim all = new Dim("batch", (backward ? turns : 1L) * shape.batch());
      KeyValue own =
          KeyValue.allocate(allocator, "attention.key_value", ACTIVATIONS, compute, shape);
      if (!backward) {
        return new Buffers(
            own, null, null, probabilities(allocator, compute, all, heads, queries, keys), null);
      }
      return new Buffers(
          own,
          KeyValue.allocate(allocator, "attention.key_value.gradient", ACTIVATIONS, sum, shape),
          allocator.allocate(
              "attention.query_sum",
              ACTIVATIONS,
              sum,
              new Dim("tokens", shape.tokens()),
              new Dim("batch", shape.batch()),
              new Dim("heads", shape.heads().query()),
              new Dim("head size", shape.heads().size())),
          probabilities(allocator, compute, all, heads, queries, keys),
          allocator.allocate(
              "attention.probabilities.gradient",
              ACTIVATIONS,
              compute,
              batch,
              heads,
              queries,
              keys));
    }

    private static Tensor probabilities(Allocator allocator, DType compute, Dim... dims) {
      return allocator.allocate("attention.probabilities", ACTIVATIONS, compute, dims);
    }
  }

  private final Device device;
  private final Mask mask;
  private final Buffers buffers;
  private final PhaseTimer timer;
  private Documents[] sequences = {Documents.ONE};
  private int sequence; // attended to

  public VanillaAttention(Device device, Mask mask, Buffers buffers, PhaseTimer timer) {
    this.device = device;
    this.mask = mask;
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
    sequence = index;
  }

  /** [batch, heads, tokens, tokens] */
  private Tensor probabilities() {
    long batch = own().batch();
    int place = buffers.probabilities().dim(0) == batch ? 0 : sequence;
    return buffers.probabilities().slice(place * batch, (place + 1) * batch);
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
                block.scores(probabilities()),
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
      gradient.pieces().forEach(piece -> device.kernels().fill(piece, 0));
      for (Block block : blocks()) {
        device
            .attention()
            .vanillaBackward(
                block.rows(q),
                block.rows(own().keys()),
                block.rows(own().values()),
                block.scores(probabilities()),
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
    Tensor scores = probabilities();
    List<Block> blocks = new ArrayList<>();
    int from = 0;
    long firstScore = 0;
    for (int size : sequences[sequence].lengths(own().tokens())) {
      blocks.add(new Block(from, from + size, firstScore));
      from += size;
      firstScore += scores.dim(0) * scores.dim(1) * size * size;
    }
    return blocks;
  }
}
