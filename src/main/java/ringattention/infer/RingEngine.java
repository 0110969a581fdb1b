package ringattention.infer;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import ringattention.attention.RingAttention;
import ringattention.attention.RingSchedule;
import ringattention.comm.Communicator;
import ringattention.comm.RingExchange;
import ringattention.device.Allocator;
import ringattention.device.Collectives;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ShardShape;
import ringattention.model.Transformer;
import ringattention.parallel.LoadableWeights;
import ringattention.shard.ContinuedLayout;
import ringattention.shard.Mask;

/**
 * The engine over the ranks of a ring. A prefix is computed chunk by chunk around the ring, and
 * what each rank holds of it stays where the layout left it. New tokens are computed by all ranks
 * alike, each over its part of the cache; exactly one keeps a token's key and value.
 */
public final class RingEngine implements Engine, WeightedEngine {
  private final CachedModel model;
  private final EngineShape shape;
  private final int rank;
  private final Device device;
  private final KeyValueCache cache;
  private final RingExchange exchange;

  /**
   * Collective over the ring. Weights are undefined until they are set.
   *
   * @param ring the ranks that hold a cache together
   * @param collectives of the same ranks
   * @param allocator backed by the device
   */
  RingEngine(
      EngineShape shape,
      Communicator ring,
      Collectives collectives,
      Device device,
      Allocator allocator,
      PhaseTimer timer) {
    this.model = new CachedModel(shape, ring, collectives, device, allocator, timer);
    this.shape = shape;
    this.rank = ring.rank();
    this.device = device;
    this.cache = model.cache();
    this.exchange = new RingExchange(ring);
  }

  @Override
  public LoadableWeights weights() {
    return model.weights();
  }

  /** Returns the keys of a layer that this rank keeps, [slots, keyValueHeads, headSize]. */
  double[] read(int layer) {
    return device.read(cache.keys(layer));
  }

  /** Makes the cache NaN: what is read and was never written shows. */
  void poison() {
    model.poison();
  }

  @Override
  public int rows() {
    return shape.rows();
  }

  @Override
  public int vocabulary() {
    return shape.model().vocabulary();
  }

  @Override
  public int longest() {
    return shape.mostTokens();
  }

  @Override
  public boolean fits(int prefixTokens, int sequences, int furtherTokens) {
    return shape.fits(model.ranges(), prefixTokens, sequences, furtherTokens);
  }

  @Override
  public Prefix prefill(int[] tokens) {
    CachedPrefix prefix = new CachedPrefix(shape.prefix(tokens.length), rank, model.ranges());
    for (ContinuedLayout chunk : prefix.layout().chunks()) {
      compute(chunk, prefix, tokens);
    }
    prefix.logits(append(tokens, prefix.layout().inChunks(), tokens.length, prefix::rows));
    return prefix;
  }

  /**
   * Returns a prefix of so many tokens whose keys and values are all one number and were never
   * computed: for measurements of the steps behind it.
   */
  public Prefix filled(int tokens) {
    CachedPrefix prefix = new CachedPrefix(shape.prefix(tokens), rank, model.ranges());
    prefix.fill();
    int end = prefix.from() + prefix.layout().slots();
    for (int layer = 0; layer < shape.model().layers(); layer++) {
      device.kernels().fill(cache.keys(layer).slice(prefix.from(), end), 0.01);
      device.kernels().fill(cache.values(layer).slice(prefix.from(), end), 0.01);
    }
    prefix.logits(new float[vocabulary()]);
    return prefix;
  }

  /** Computes a chunk around the ring. */
  private void compute(ContinuedLayout chunk, CachedPrefix prefix, int... tokens) {
    cache.place(prefix.from(), chunk.earlier().get(rank), chunk.size(rank));
    ShardShape part = shape.shard(chunk, rank);
    RingAttention attention =
        new RingAttention(
            device,
            new RingSchedule(chunk, Mask.CAUSAL, rank),
            cache,
            exchange,
            null,
            model.buffers().ring(),
            model.timer());
    Transformer transformer =
        model.transformer(
            part,
            attention,
            EngineBuffers.activations(
                model.buffers().prefill().again(),
                shape.model(),
                part,
                device.compute(),
                device.sum()));
    int[] positions = chunk.positions(rank);
    int[] held = Arrays.stream(positions).map(position -> tokens[position]).toArray();
    transformer.load(held, new int[held.length], positions);
    transformer.forward();
  }

  /**
   * Appends tokens [from, to), so many at a time as a step takes.
   *
   * @param row adds tokens to the rows of a step
   * @return logits behind the last
   */
  private float[] append(int[] tokens, int from, int to, BiConsumer<StepRows, int[]> row) {
    float[][] logits = null;
    for (int first = from; first < to; first += shape.rows()) {
      int end = Math.min(to, first + shape.rows());
      DecodeStep step = model.step(end - first);
      StepRows rows = new StepRows(step.rows());
      row.accept(rows, Arrays.copyOfRange(tokens, first, end));
      logits = step.run(rows);
    }
    return logits[logits.length - 1];
  }

  @Override
  public Sequence begin(Prefix prefix, int mostTokens) {
    return new CachedSequence(
        (CachedPrefix) prefix, mostTokens, shape.tail(), rank, model.ranges());
  }

  @Override
  public float[] extend(Sequence sequence, int... tokens) {
    if (tokens.length == 0) {
      throw new IllegalArgumentException("nothing to append");
    }
    CachedSequence own = (CachedSequence) sequence;
    return append(tokens, 0, tokens.length, own::rows);
  }

  @Override
  public float[][] step(List<Sequence> sequences, int[] tokens) {
    if (sequences.size() != tokens.length || tokens.length == 0 || tokens.length > rows()) {
      throw new IllegalArgumentException(
          tokens.length + " tokens for " + sequences.size() + " sequences, of at most " + rows());
    }
    DecodeStep step = model.step(tokens.length);
    StepRows rows = new StepRows(step.rows());
    List<CachedSequence> own = sequences.stream().map(CachedSequence.class::cast).toList();
    for (int row = 0; row < tokens.length; row++) {
      own.get(row).prefix().see(rows, row, row + 1);
    }
    for (int row = 0; row < tokens.length; row++) {
      own.get(row).row(rows, tokens[row]);
    }
    return step.run(rows);
  }

  @Override
  public void cut(Sequence sequence, int length) {
    ((CachedSequence) sequence).cut(length);
  }

  @Override
  public void close() {
    model.close();
  }
}
