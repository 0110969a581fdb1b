package ringattention.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import ringattention.data.trajectories.FeatureColumns;
import ringattention.data.trajectories.Piece;
import ringattention.data.trajectories.StateStatistics;
import ringattention.data.trajectories.TrajectoriesConfig;
import ringattention.data.trajectories.TrajectoryCorpus;
import ringattention.data.trajectories.TrajectoryDraw;
import ringattention.data.trajectories.TrajectorySequence;
import ringattention.data.trajectories.TrajectorySizes;
import ringattention.input.Configuration;

/** Sequences of trajectories of a task, drawn at random. See package {@code trajectories}. */
final class TrajectorySamples implements Samples {
  private static final List<String> NAMES = List.of("return", "state", "action", "reward");

  private final TrajectorySource source;
  private final TrajectoriesConfig config;
  private final StateStatistics statistics;
  private final TrajectoryDraw draw;
  private final int sequence;

  /**
   * @throws ringattention.input.InputException if a file, or anything of the sections, is wrong
   */
  TrajectorySamples(Configuration configuration, SampleShape shape) {
    this(configuration, OptionalInt.of(shape.sequence()), shape.seed());
  }

  /**
   * Makes the same where nothing is known of a run.
   *
   * @param length of sequences; empty: as long as they must be
   */
  TrajectorySamples(Configuration configuration, OptionalInt length, long seed) {
    this.source = TrajectorySource.of(configuration, seed);
    this.config = configuration.get(TrajectoriesConfig.SECTION);
    int steps = config.stepsOf(source.corpus().sizes().episodeSteps());
    this.sequence = length.orElseGet(() -> Math.toIntExact(config.positions(steps)));
    config.requireSequence(sequence, steps, configuration.source());
    this.statistics = source.statistics(configuration);
    this.draw =
        new TrajectoryDraw(
            source.corpus(), config, source.learned(), steps, seed, configuration.source());
  }

  /** Returns the sequence of some pieces. */
  static Sample sample(
      TrajectoryCorpus corpus,
      TrajectoriesConfig config,
      StateStatistics statistics,
      List<Piece> pieces,
      int length) {
    TrajectorySequence made =
        TrajectorySequence.of(corpus, config, statistics, pieces, length, Sample.NO_LABEL);
    int[] positions = new int[length];
    Arrays.setAll(positions, i -> i);
    return new Sample(
        made.tokens(),
        made.labels(),
        positions,
        new int[] {0},
        Optional.of(
            new StepValues(
                made.columns().width(),
                made.inputs(),
                made.columns().actionSize(),
                made.targets())));
  }

  @Override
  public Sample sample(long index) {
    return sample(source.corpus(), config, statistics, draw.pieces(index), sequence);
  }

  @Override
  public int labels(long index) {
    return draw.pieces(index).stream().mapToInt(Piece::steps).sum();
  }

  @Override
  public Optional<TrajectorySizes> trajectories() {
    return Optional.of(source.corpus().sizes());
  }

  @Override
  public Optional<StateStatistics> statistics() {
    return Optional.of(statistics);
  }

  /** Returns lines that say what a sequence is, for one who looks at the data. */
  List<String> show(long index, int shown) {
    List<String> lines = new ArrayList<>();
    for (Piece piece : draw.pieces(index)) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s: steps %d to %d, return %.6g",
              source.corpus().file(piece.episode()),
              piece.from(),
              piece.from() + piece.steps() - 1,
              source.corpus().returned(piece.episode())));
    }
    StepValues values = sample(index).values().orElseThrow();
    FeatureColumns columns = source.corpus().sizes().columns();
    int steps = Math.min(shown, labels(index));
    for (int step = 0; step < steps; step++) {
      StringBuilder line = new StringBuilder("step " + step + " of the sequence:");
      for (int kind = 0; kind < FeatureColumns.KINDS; kind++) {
        int from = (FeatureColumns.KINDS * step + kind) * values.features() + columns.first(kind);
        line.append(' ').append(NAMES.get(kind));
        for (int i = 0; i < columns.size(kind); i++) {
          line.append(String.format(Locale.ROOT, " %.4g", values.inputs()[from + i]));
        }
      }
      lines.add(line.toString());
    }
    return lines;
  }

  /** Returns what a sequence has, for one who looks at the data. */
  String lengths() {
    int steps = sequence / FeatureColumns.KINDS / config.count();
    return String.format(
        Locale.ROOT,
        "sequences of %d positions: 4 a step, %d trajector%s of at most %d steps",
        sequence,
        config.count(),
        config.count() == 1 ? "y" : "ies",
        steps);
  }

  /** Returns the returns of the episodes that are learned from. */
  DoubleSummaryStatistics returns() {
    return Arrays.stream(draw.episodes())
        .mapToDouble(source.corpus()::returned)
        .summaryStatistics();
  }

  @Override
  public String text() {
    DoubleSummaryStatistics returns = returns();
    return String.format(
        Locale.ROOT,
        "%d episodes of %d task%s with %d steps, returns %.4g to %.4g, mean %.4g",
        documents(),
        draw.tasks(),
        draw.tasks() == 1 ? "" : "s",
        steps(),
        returns.getMin(),
        returns.getMax(),
        returns.getAverage());
  }

  private long steps() {
    return Arrays.stream(draw.episodes()).mapToLong(source.corpus()::steps).sum();
  }

  @Override
  public long tokens() {
    return FeatureColumns.KINDS * steps();
  }

  @Override
  public long documents() {
    return draw.episodes().length;
  }

  @Override
  public String digest() {
    return config.statistics().isEmpty()
        ? source.digest()
        : Digest.of(source.digest(), statistics.json());
  }

  @Override
  public CorpusCounts counts() {
    return source.counts();
  }

  @Override
  public void close() {}
}
