package ringattention.infer;

import ringattention.attention.Attention;
import ringattention.attention.KeyValue;
import ringattention.device.Collectives;
import ringattention.device.DecodeAttention;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Documents;

/**
 * Attention of new tokens, the same on all ranks, over the cache that the ranks share: each attends
 * to what it holds, one exchange a layer carries all outputs with their log-sum-exps, and every
 * rank merges them in rank order, so that all hold the same bits.
 */
final class CachedAttention implements Attention {
  private final Device device;
  private final Collectives collectives;
  private final int ranks;
  private final KeyValueCache cache;
  private final StepBuffers buffers;
  private final PhaseTimer timer;
  private int layer;

  CachedAttention(
      Device device,
      Collectives collectives,
      int ranks,
      KeyValueCache cache,
      StepBuffers buffers,
      PhaseTimer timer) {
    this.device = device;
    this.collectives = collectives;
    this.ranks = ranks;
    this.cache = cache;
    this.buffers = buffers;
    this.timer = timer;
  }

  @Override
  public void documents(Documents... sequences) {
    throw new UnsupportedOperationException("what a row sees is said by segments");
  }

  @Override
  public void sequence(int index) {}

  @Override
  public void layer(int layer) {
    this.layer = layer;
  }

  @Override
  public KeyValue own() {
    return KeyValue.apart(buffers.keys(), buffers.values());
  }

  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    try (var scope = timer.in(Phase.ATTENTION)) {
      DecodeAttention decode = device.decode();
      decode.store(heads(buffers.keys()), buffers.slots(), cache.keys(layer));
      decode.store(heads(buffers.values()), buffers.slots(), cache.values(layer));
      Tensor partial = buffers.partial();
      decode.attend(heads(q), cache.keys(layer), cache.values(layer), buffers.segments(), partial);
      decode.merge(ranks == 1 ? buffers.parts() : exchanged(partial), heads(out));
    }
  }

  private Tensor exchanged(Tensor partial) {
    Tensor parts = buffers.parts();
    try (var scope = timer.in(Phase.RING_WAIT)) {
      device.waitFor(
          collectives.allGather(
              partial.view(partial.elements()), parts.view(parts.elements()), device.mark()));
    }
    return parts;
  }

  /** Returns [rows, 1, heads, headSize] without the batch. */
  private static Tensor heads(Tensor rows) {
    return rows.view(rows.dim(0), rows.dim(2), rows.dim(3));
  }

  @Override
  public Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut) {
    throw new UnsupportedOperationException("a cache has no backward");
  }
}
