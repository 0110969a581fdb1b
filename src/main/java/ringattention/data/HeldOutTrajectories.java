package ringattention.data;

import java.util.List;
import java.util.Optional;
import ringattention.data.trajectories.FeatureColumns;
import ringattention.data.trajectories.Piece;
import ringattention.data.trajectories.StateStatistics;
import ringattention.data.trajectories.TrajectoriesConfig;
import ringattention.data.trajectories.TrajectoryRow;
import ringattention.data.trajectories.TrajectorySizes;
import ringattention.input.Configuration;

/**
 * Every step of the episodes that are kept out of training, once; with the statistics of those that
 * are learned from.
 */
final class HeldOutTrajectories implements HeldOutSamples {
  private final TrajectorySource source;
  private final TrajectoriesConfig config;
  private final StateStatistics statistics;
  private final List<List<Piece>> row;
  private final int sequence;

  /**
   * @throws ringattention.input.InputException if a file, or anything of the sections, is wrong
   */
  HeldOutTrajectories(Configuration given, SampleShape shape) {
    Configuration read = given.get(ValidationConfig.SECTION).inPlaceOfData(given);
    this.source = TrajectorySource.of(read, shape.seed());
    this.config = given.get(TrajectoriesConfig.SECTION);
    boolean apart = given.get(ValidationConfig.SECTION).path().isPresent();
    Optional<StateStatistics> named = TrajectorySource.given(given, source.corpus());
    TrajectorySource learned =
        apart && named.isEmpty() ? TrajectorySource.of(given, shape.seed()) : source;
    this.statistics = named.orElseGet(() -> learned.statistics(given));
    requireSizes(given, learned);
    int steps = config.stepsIn(shape.sequence(), given.source());
    this.row = TrajectoryRow.of(source.corpus(), config, source.keptOut(), steps);
    this.sequence = shape.sequence();
  }

  private void requireSizes(Configuration given, TrajectorySource learned) {
    TrajectorySizes here = source.corpus().sizes();
    TrajectorySizes there = learned.corpus().sizes();
    if (here.stateSize() != there.stateSize() || here.actionSize() != there.actionSize()) {
      throw given
          .source()
          .error(
              "validation.path",
              "has states of "
                  + here.stateSize()
                  + " and actions of "
                  + here.actionSize()
                  + " numbers, data.path "
                  + there.stateSize()
                  + " and "
                  + there.actionSize());
    }
  }

  @Override
  public long sequences() {
    return row.size();
  }

  @Override
  public Sample sample(long index) {
    List<Piece> pieces = index < row.size() ? row.get((int) index) : List.of();
    return TrajectorySamples.sample(source.corpus(), config, statistics, pieces, sequence);
  }

  @Override
  public int labels(long index) {
    return index < row.size() ? steps(row.get((int) index)) : 0;
  }

  @Override
  public long labels() {
    return row.stream().mapToLong(HeldOutTrajectories::steps).sum();
  }

  private static int steps(List<Piece> pieces) {
    return pieces.stream().mapToInt(Piece::steps).sum();
  }

  @Override
  public Optional<TrajectorySizes> trajectories() {
    return Optional.of(source.corpus().sizes());
  }

  @Override
  public Optional<StateStatistics> statistics() {
    return Optional.of(statistics);
  }

  @Override
  public Optional<int[]> tokenBytes() {
    return Optional.empty();
  }

  @Override
  public long tokens() {
    return FeatureColumns.KINDS * labels();
  }

  @Override
  public long documents() {
    return source.keptOut().length;
  }

  @Override
  public String digest() {
    return Digest.of(source.digest(), statistics.json());
  }

  @Override
  public CorpusCounts counts() {
    return source.counts();
  }

  @Override
  public void close() {}
}
