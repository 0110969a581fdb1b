package ringattention.plan;

import ringattention.input.Configuration;
import ringattention.input.Source;
import ringattention.input.Toml;
import ringattention.model.AttentionConfig;
import ringattention.model.AttentionKind;
import ringattention.model.ModelConfig;
import ringattention.run.FaultConfig;
import ringattention.run.ParallelConfig;
import ringattention.shard.Mesh;

/** Which meshes suit a run: its attention, its model and its number of ranks. */
public final class MeshRules {
  private MeshRules() {}

  /**
   * Checks what does not depend on the number of ranks.
   *
   * @throws ringattention.input.InputException naming the axis
   */
  static void check(Configuration configuration) {
    Source source = configuration.source();
    AttentionKind kind = configuration.get(AttentionConfig.SECTION).kind();
    ParallelConfig parallel = configuration.get(ParallelConfig.SECTION);
    if (kind != AttentionKind.RING) {
      String alone = "must be 1 with attention.kind = " + Toml.write(kind);
      if (parallel.ring() > 1) {
        throw source.error("parallel.ring", alone);
      }
      if (parallel.heads() > 1) {
        throw source.error("parallel.heads", alone);
      }
      if (parallel.tensor() > 1) {
        throw source.error("parallel.tensor", alone);
      }
    }
    if (configuration.has(ModelConfig.SECTION)) {
      checkModel(configuration.get(ModelConfig.SECTION), parallel, source);
    }
  }

  /** Ranks that share a model's heads and inner width have as many each. */
  private static void checkModel(ModelConfig model, ParallelConfig parallel, Source source) {
    int heads = model.heads().keyValue();
    if (heads % parallel.headsOrNone() != 0) {
      throw source.error(
          "parallel.heads", "must divide the key/value heads of the model (" + heads + ")");
    }
    if (heads % (parallel.headsOrNone() * parallel.tensor()) != 0) {
      throw source.error(
          "parallel.tensor",
          (parallel.headsOrNone() == 1 ? "" : "times parallel.heads ")
              + "must divide the key/value heads of the model ("
              + heads
              + ")");
    }
    int share = heads / (parallel.headsOrNone() * parallel.tensor());
    if (parallel.headsOrNone() > 1 && share % parallel.headChunks() != 0) {
      throw source.error(
          "parallel.headChunks", "must divide the key/value heads of a rank (" + share + ")");
    }
    if (model.feedForward() % parallel.tensor() != 0) {
      throw source.error(
          "parallel.tensor",
          "must divide the inner width of the model (model.feedForward = "
              + model.feedForward()
              + ")");
    }
  }

  /**
   * Returns how many of these ranks share a sequence, after checking what depends on their number.
   * Sequence and batch are checked if there is a section {@code [train]}.
   *
   * @throws ringattention.input.InputException if the ring does not divide the ranks, a rank would
   *     hold fewer than two tokens, the batch does not divide among the rings, or the rank that is
   *     to throw does not exist
   */
  public static int ringSize(Configuration configuration, int ranks) {
    Source source = configuration.source();
    boolean rings = configuration.get(AttentionConfig.SECTION).kind() == AttentionKind.RING;
    int asked = configuration.get(ParallelConfig.SECTION).ring();
    int ring = asked == 0 ? (rings ? ranks : 1) : asked;
    if (ranks % ring != 0) {
      throw source.error("parallel.ring", "must divide the number of ranks (" + ranks + ")");
    }
    if (configuration.has(TrainConfig.SECTION)) {
      check(configuration.get(TrainConfig.SECTION), source, ranks, ring);
    }
    if (configuration.get(FaultConfig.SECTION).rank() >= ranks) {
      throw source.error("fault.rank", "must be below the number of ranks (" + ranks + ")");
    }
    return ring;
  }

  /**
   * Returns the axes of these ranks, after checking what {@link #ringSize} does.
   *
   * @throws ringattention.input.InputException also if the ranks that exchange heads, or share
   *     products, do not divide those that share a sequence
   */
  public static Mesh mesh(Configuration configuration, int ranks) {
    int sharing = ringSize(configuration, ranks);
    int heads = configuration.get(ParallelConfig.SECTION).headsOrNone();
    if (sharing % heads != 0) {
      throw configuration
          .source()
          .error("parallel.heads", "must divide the number of ranks of a ring (" + sharing + ")");
    }
    int tensor = configuration.get(ParallelConfig.SECTION).tensor();
    if (sharing % (heads * tensor) != 0) {
      throw configuration
          .source()
          .error(
              "parallel.tensor",
              (heads == 1 ? "" : "times parallel.heads ")
                  + "must divide the number of ranks of a ring ("
                  + sharing
                  + ")");
    }
    return Mesh.of(ranks, sharing / (heads * tensor), heads, tensor)
        .inChunks(configuration.get(ParallelConfig.SECTION).headChunks());
  }

  private static void check(TrainConfig train, Source source, int ranks, int ring) {
    int rings = ranks / ring;
    if (train.sequence() < 2L * ring) {
      throw source.error(
          "train.sequence",
          "must be at least " + 2L * ring + ", two tokens for each rank of a ring");
    }
    if (train.batch() % rings != 0) {
      throw source.error(
          "train.batch",
          "must be a multiple of the number of rings ("
              + ranks
              + " ranks / "
              + ring
              + " = "
              + rings
              + ")");
    }
    if (train.microBatch() > 0 && train.batch() / rings % train.microBatch() != 0) {
      throw source.error(
          "train.microBatch",
          "must divide a ring's share of the batch (" + train.batch() / rings + ")");
    }
  }
}
