package ringattention.attention;

import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import ringattention.attention.HeadsBuffers.Chunk;
import ringattention.attention.HeadsExchange.Layouts;
import ringattention.attention.HeadsExchange.UnderWay;
import ringattention.device.Tensor;
import ringattention.shard.Documents;

/**
 * Attention of ranks that exchange heads: within a group every rank gets a share of the heads of
 * all the group's tokens, and attends to them in a ring over the groups, whatever attention that
 * is. The share may go in chunks: while one is attended to, the next arrives and the results of the
 * one before leave. A log-sum-exp stays there, chunk by chunk, for only the backward of the same
 * heads reads it.
 */
public final class ExchangedAttention implements Attention {
  private static final UnderWay NOTHING = () -> {};

  private final List<? extends Attention> rings;
  private final HeadsExchange exchange;
  private final HeadsBuffers buffers;

  /**
   * @param rings of this rank's heads, one for each chunk
   */
  public ExchangedAttention(
      List<? extends Attention> rings, HeadsExchange exchange, HeadsBuffers buffers) {
    this.rings = List.copyOf(rings);
    this.exchange = exchange;
    this.buffers = buffers;
  }

  @Override
  public void documents(Documents... sequences) {
    rings.forEach(ring -> ring.documents(sequences));
  }

  @Override
  public void sequence(int index) {
    rings.forEach(ring -> ring.sequence(index));
  }

  @Override
  public void layer(int layer) {
    rings.forEach(ring -> ring.layer(layer));
  }

  @Override
  public KeyValue own() {
    return buffers.own();
  }

  /**
   * {@inheritDoc}
   *
   * @param logSumExp [tokens of the group, batch, heads / h], overwritten, see {@link #ofChunk}
   */
  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    inTurn(
        i -> exchange.toHeads(i, chunk(i).messages(), query(i, q), keys(i), values(i)),
        i -> rings.get(i).forward(chunk(i).query(), chunk(i).out(), ofChunk(logSumExp, i)),
        i -> exchange.toTokens(i, chunk(i).messages(), new Layouts(out, chunk(i).out())));
  }

  @Override
  public Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut) {
    Gradient[] gradients = new Gradient[rings.size()];
    inTurn(
        i -> // queries, keys and values as well: the ring's may be those of another call by now
        exchange.toHeads(
                i,
                chunk(i).messages(),
                query(i, q),
                keys(i),
                values(i),
                new Layouts(out, chunk(i).out()),
                new Layouts(dOut, chunk(i).outGradient())),
        i ->
            gradients[i] =
                rings
                    .get(i)
                    .backward(
                        chunk(i).query(),
                        chunk(i).out(),
                        ofChunk(logSumExp, i),
                        chunk(i).outGradient()),
        i ->
            exchange.toTokens(
                i,
                chunk(i).messages(),
                new Layouts(buffers.queryGradient(), gradients[i].query()),
                new Layouts(buffers.ownGradient().keys(), gradients[i].own().keys()),
                new Layouts(buffers.ownGradient().values(), gradients[i].own().values())));
    return new Gradient(buffers.queryGradient(), buffers.ownGradient());
  }

  /**
   * Takes chunk after chunk. Before the work of one begins the next is on its way; its results are
   * awaited when the work of the next has been enqueued.
   */
  private void inTurn(IntFunction<UnderWay> arrive, IntConsumer work, IntFunction<UnderWay> leave) {
    UnderWay arriving = arrive.apply(0);
    UnderWay leaving = NOTHING;
    for (int i = 0; i < rings.size(); i++) {
      UnderWay next = i + 1 < rings.size() ? arrive.apply(i + 1) : NOTHING;
      arriving.finish();
      work.accept(i);
      UnderWay results = leave.apply(i);
      leaving.finish();
      arriving = next;
      leaving = results;
    }
    leaving.finish();
  }

  /**
   * Returns the part of a log-sum-exp that belongs to a chunk, [tokens of the group, batch, heads /
   * h / chunks]; one lies behind the other.
   *
   * @param all of this rank's heads, [tokens of the group, batch, heads / h]
   */
  public Tensor ofChunk(Tensor all, int i) {
    long heads = all.dim(2) / rings.size();
    return all.view(rings.size(), all.dim(0), all.dim(1), heads)
        .slice(i, i + 1)
        .view(all.dim(0), all.dim(1), heads);
  }

  private Chunk chunk(int i) {
    return buffers.chunks().get(i);
  }

  private Layouts query(int i, Tensor q) {
    return new Layouts(q, chunk(i).query());
  }

  private Layouts keys(int i) {
    return new Layouts(buffers.own().keys(), rings.get(i).own().keys());
  }

  private Layouts values(int i) {
    return new Layouts(buffers.own().values(), rings.get(i).own().values());
  }
}
