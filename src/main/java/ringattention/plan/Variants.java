package ringattention.plan;

import ringattention.data.DataConfig;
import ringattention.data.DataFormat;
import ringattention.input.Configuration;
import ringattention.input.Source;
import ringattention.model.Architecture;
import ringattention.model.AttentionConfig;
import ringattention.model.FeedForwardConfig;
import ringattention.run.MemoryConfig;
import ringattention.run.ParallelConfig;

/** Runs that differ from the input's in what a benchmark varies. */
public final class Variants {
  private Variants() {}

  /**
   * Returns the same for sequences of another length, and with other room. What they are made of is
   * not asked: tasks of lines would have to suit the length.
   */
  public static Configuration of(Configuration configuration, int tokens, MemoryConfig room) {
    DataConfig data =
        configuration.has(DataConfig.SECTION) ? configuration.get(DataConfig.SECTION) : null;
    boolean made =
        data != null
            && (data.format() == DataFormat.LINES || data.format() == DataFormat.TRAJECTORIES);
    return (made
            ? configuration.with(DataConfig.SECTION, data.withFormat(DataFormat.TEXT))
            : configuration)
        .change()
        .set(TrainConfig.SECTION, configuration.get(TrainConfig.SECTION).withSequence(tokens))
        .set(MemoryConfig.SECTION, room)
        .done();
  }

  /**
   * Returns the same run in one of the paper's architectures, every rank with as many tokens of a
   * batch: a ring of all ranks takes one sequence, any other architecture one sequence on each
   * rank.
   *
   * @param sequences of a ring, or of a rank, in a batch, taken one after the other
   */
  public static Configuration of(
      Configuration configuration,
      Architecture architecture,
      int tokensPerRank,
      int sequences,
      int ranks) {
    boolean ring = architecture == Architecture.RING;
    Source source = configuration.source();
    AttentionConfig attention = configuration.get(AttentionConfig.SECTION);
    int block = configuration.get(FeedForwardConfig.SECTION).block();
    TrainConfig train = configuration.get(TrainConfig.SECTION);
    return configuration
        .change()
        .set(
            AttentionConfig.SECTION,
            new AttentionConfig(architecture.attention(), attention.mask(), attention.layout()))
        .set(FeedForwardConfig.SECTION, new FeedForwardConfig(architecture.feedForward(), block))
        .set(
            ParallelConfig.SECTION,
            configuration.get(ParallelConfig.SECTION).withRing(ring ? ranks : 1))
        .set(
            TrainConfig.SECTION,
            train
                .withSequence(ring ? sequence(source, ranks, tokensPerRank) : tokensPerRank)
                .withBatch(ring ? sequences : sequences * ranks, 1))
        .done();
  }

  /** Returns the same with a feed-forward in blocks of so many tokens, where it is blockwise. */
  public static Configuration withFeedForwardBlock(Configuration configuration, int tokens) {
    return configuration.with(
        FeedForwardConfig.SECTION,
        new FeedForwardConfig(configuration.get(FeedForwardConfig.SECTION).kind(), tokens));
  }

  /**
   * Returns the same with rings of so many ranks, each with one sequence of as many tokens a rank.
   */
  public static Configuration withRings(
      Configuration configuration, int ring, int tokensPerRank, int ranks) {
    int tokens = sequence(configuration.source(), ring, tokensPerRank);
    return configuration
        .change()
        .set(ParallelConfig.SECTION, configuration.get(ParallelConfig.SECTION).withRing(ring))
        .set(
            TrainConfig.SECTION,
            configuration.get(TrainConfig.SECTION).withSequence(tokens).withBatch(ranks / ring, 1))
        .done();
  }

  /** Returns the tokens of a sequence that a ring shares. */
  private static int sequence(Source source, int ring, int tokensPerRank) {
    long tokens = (long) ring * tokensPerRank;
    if (tokens > Integer.MAX_VALUE) {
      throw source.error(
          "train.sequence",
          tokens,
          "must be below 2^31, here " + tokensPerRank + " tokens on each of " + ring + " ranks");
    }
    return (int) tokens;
  }
}
