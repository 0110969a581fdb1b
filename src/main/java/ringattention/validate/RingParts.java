package ringattention.validate;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import ringattention.attention.Attention;
import ringattention.attention.AttentionShape;
import ringattention.attention.ExchangedAttention;
import ringattention.attention.HeadsBuffers;
import ringattention.attention.HeadsExchange;
import ringattention.attention.HeadsExchange.Layouts;
import ringattention.attention.RingAttention;
import ringattention.attention.RingBuffers;
import ringattention.attention.RingSchedule;
import ringattention.comm.Communicator;
import ringattention.comm.RingExchange;
import ringattention.device.Allocator;
import ringattention.device.AttentionCall;
import ringattention.device.Collectives;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.CutLayout;
import ringattention.shard.Mesh;
import ringattention.shard.SequenceLayout;

/**
 * What ring attention of a problem is made of on one of its ranks, with exchange of heads if the
 * problem says so.
 */
record RingParts(AttentionProblem problem, int ranks, int rank) {
  /**
   * What it holds.
   *
   * @param ring null with exchange
   * @param heads null without exchange
   * @param logSumExp of this rank's heads, as the ring leaves it; null without exchange
   */
  record Buffers(RingBuffers ring, HeadsBuffers heads, Tensor logSumExp) {}

  private Mesh mesh() {
    return Mesh.of(ranks, ranks / problem.headRanks(), problem.headRanks())
        .inChunks(problem.headChunks());
  }

  private SequenceLayout layout() {
    return problem.ringLayout(ranks);
  }

  /** Returns the sizes of what goes around the ring, of heads that are exchanged a chunk. */
  private AttentionShape shape() {
    return new AttentionShape(
        layout().size(mesh().ringRank(rank)),
        layout().largestShard(),
        problem.batch(),
        problem.heads().divided(problem.headParts()));
  }

  Buffers allocate(Allocator allocator, DType compute, DType sum) {
    AttentionShape shape = shape();
    if (problem.headRanks() == 1) {
      return new Buffers(RingBuffers.allocate(allocator, shape, compute, sum, true), null, null);
    }
    int tokens = problem.layout(ranks).size(rank);
    return new Buffers(
        null,
        HeadsBuffers.allocate(
            allocator,
            tokens,
            shape,
            problem.headRanks(),
            problem.headChunks(),
            compute,
            sum,
            true),
        allocator.allocate(
            "log_sum_exp.heads",
            ACTIVATIONS,
            sum,
            new Dim("tokens", shape.tokens()),
            new Dim("batch", shape.batch()),
            new Dim("heads", problem.heads().query() / problem.headRanks())));
  }

  /** Returns all that is asked of the device. */
  List<AttentionCall> calls(DeviceTraits device) {
    RingSchedule schedule = new RingSchedule(layout(), problem.mask(), mesh().ringRank(rank));
    return problem.documents().count() == 1
        ? schedule.calls(device, shape())
        : schedule.packedCalls(device, shape());
  }

  /** Returns the ranks of this one's ring. Collective. */
  Communicator ring(Communicator all) {
    return problem.headRanks() == 1 ? all : all.split(mesh().headsRank(rank));
  }

  /**
   * @param collectives of all ranks of the problem
   * @param ring ranks of this one's ring
   */
  Assembled assemble(
      Device device,
      Collectives collectives,
      Communicator ring,
      Buffers buffers,
      PhaseTimer timer) {
    RingExchange keyValues = new RingExchange(ring);
    RingExchange gradients = new RingExchange(ring);
    Function<RingBuffers, Attention> around =
        ofRing ->
            new RingAttention(
                device, layout(), problem.mask(), ring.rank(), keyValues, gradients, ofRing, timer);
    if (problem.headRanks() == 1) {
      return new Assembled(around.apply(buffers.ring()), none -> {}, null);
    }
    HeadsExchange exchange =
        new HeadsExchange(
            device,
            collectives,
            new CutLayout(layout(), problem.headRanks()),
            rank,
            mesh().headsGroup(rank),
            timer);
    List<HeadsBuffers.Chunk> chunks = buffers.heads().chunks();
    ExchangedAttention exchanged =
        new ExchangedAttention(
            chunks.stream().map(HeadsBuffers.Chunk::ring).map(around).toList(),
            exchange,
            buffers.heads());
    return new Assembled(
        exchanged,
        ofTokens -> {
          for (int i = 0; i < chunks.size(); i++) {
            Tensor ofChunk = exchanged.ofChunk(buffers.logSumExp(), i);
            Layouts layouts = new Layouts(columns(ofTokens), columns(ofChunk));
            exchange.toTokens(i, chunks.get(i).messages(), layouts).finish();
          }
        },
        buffers.logSumExp());
  }

  /**
   * Attention put together.
   *
   * @param logSumExpOfTokens makes that of this rank's tokens from that of its heads, collectively;
   *     does nothing without exchange
   * @param logSumExp of this rank's heads; null without exchange
   */
  record Assembled(Attention attention, Consumer<Tensor> logSumExpOfTokens, Tensor logSumExp) {
    void forward(AttentionBuffers results) {
      attention.forward(results.query(), results.out(), ofHeads(results));
    }

    Attention.Gradient backward(AttentionBuffers results) {
      return attention.backward(results.query(), results.out(), ofHeads(results), results.dOut());
    }

    private Tensor ofHeads(AttentionBuffers results) {
      return logSumExp == null ? results.logSumExp() : logSumExp;
    }

    /** Makes the log-sum-exp of this rank's tokens, which only a check wants. Collective. */
    void gatherLogSumExp(AttentionBuffers results) {
      logSumExpOfTokens.accept(results.logSumExp());
    }
  }

  /** Returns [tokens, batch, heads] as heads of size 1. */
  private static Tensor columns(Tensor rows) {
    return rows.view(rows.dim(0), rows.dim(1), rows.dim(2), 1);
  }
}
