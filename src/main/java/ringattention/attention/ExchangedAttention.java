package ringattention.attention;

import ringattention.attention.HeadsExchange.Layouts;
import ringattention.device.Tensor;
import ringattention.shard.Documents;

/**
 * Attention of ranks that exchange heads: within a group every rank gets a share of the heads of
 * all the group's tokens, and attends to them in a ring over the groups, whatever attention that
 * is. A log-sum-exp stays there, for only the backward of the same heads reads it.
 */
public final class ExchangedAttention implements Attention {
  private final Attention ring;
  private final HeadsExchange exchange;
  private final HeadsBuffers buffers;

  /**
   * @param ring of this rank's heads
   */
  public ExchangedAttention(Attention ring, HeadsExchange exchange, HeadsBuffers buffers) {
    this.ring = ring;
    this.exchange = exchange;
    this.buffers = buffers;
  }

  @Override
  public void documents(Documents... sequences) {
    ring.documents(sequences);
  }

  @Override
  public void sequence(int index) {
    ring.sequence(index);
  }

  @Override
  public void layer(int layer) {
    ring.layer(layer);
  }

  @Override
  public KeyValue own() {
    return buffers.own();
  }

  /**
   * {@inheritDoc}
   *
   * @param logSumExp [tokens of the group, batch, heads / h], overwritten
   */
  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    exchange(q);
    ring.forward(buffers.query(), buffers.out(), logSumExp);
    exchange.toTokens(new Layouts(out, buffers.out()));
  }

  @Override
  public Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut) {
    exchange(q); // the ring's may be those of another call by now
    exchange.toHeads(new Layouts(out, buffers.out()), new Layouts(dOut, buffers.outGradient()));
    Gradient heads =
        ring.backward(buffers.query(), buffers.out(), logSumExp, buffers.outGradient());
    exchange.toTokens(
        new Layouts(buffers.queryGradient(), heads.query()),
        new Layouts(buffers.ownGradient().keys(), heads.own().keys()),
        new Layouts(buffers.ownGradient().values(), heads.own().values()));
    return new Gradient(buffers.queryGradient(), buffers.ownGradient());
  }

  /** Brings query, keys and values to the ring. */
  private void exchange(Tensor q) {
    exchange.toHeads(
        new Layouts(q, buffers.query()),
        new Layouts(buffers.own().keys(), ring.own().keys()),
        new Layouts(buffers.own().values(), ring.own().values()));
  }
}
