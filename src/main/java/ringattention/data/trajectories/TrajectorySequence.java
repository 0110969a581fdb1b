package ringattention.data.trajectories;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The numbers of one sequence: four positions a step, piece after piece, and padding behind the
 * last, which a causal attention never sees from before it.
 *
 * @param columns of inputs
 * @param tokens [sequence]: steps within their episode, counted from 0
 * @param labels [sequence]: 0 where an action is learned
 * @param inputs [sequence, columns]
 * @param targets [sequence, numbers of an action]
 */
public record TrajectorySequence(
    FeatureColumns columns, int[] tokens, int[] labels, float[] inputs, float[] targets) {
  /**
   * Returns the sequence of some pieces.
   *
   * @param length positions, at least those of the pieces
   * @param noLabel of a position where nothing is learned
   * @throws ringattention.input.InputException if a file can no longer be read
   */
  public static TrajectorySequence of(
      TrajectoryCorpus corpus,
      TrajectoriesConfig config,
      StateStatistics statistics,
      List<Piece> pieces,
      int length,
      int noLabel) {
    FeatureColumns columns = corpus.sizes().columns();
    int[] labels = new int[length];
    Arrays.fill(labels, noLabel);
    TrajectorySequence sequence =
        new TrajectorySequence(
            columns,
            new int[length],
            labels,
            new float[Math.multiplyExact(length, columns.width())],
            new float[Math.multiplyExact(length, columns.actionSize())]);
    FeatureRows rows = new FeatureRows(columns, config.returns(), config.scale(), statistics);
    double best =
        pieces.stream().mapToDouble(piece -> corpus.returned(piece.episode())).max().orElse(0);
    int[] first = new int[pieces.size()]; // position of each piece
    for (int i = 1; i < first.length; i++) {
      first[i] = first[i - 1] + FeatureColumns.KINDS * pieces.get(i - 1).steps();
    }
    IntStream.range(0, first.length)
        .parallel()
        .forEach(
            i -> {
              Piece piece = pieces.get(i);
              Episode episode = corpus.episode(piece.episode());
              double target =
                  config.arrangement() == Arrangement.AGENTIC
                      ? best
                      : corpus.returned(piece.episode());
              sequence.put(episode, piece, target, rows, first[i]);
            });
    return sequence;
  }

  /**
   * @param target return that was still to come before the episode's first step
   * @param first position
   */
  private void put(Episode episode, Piece piece, double target, FeatureRows rows, int first) {
    double toCome = target - episode.rewardsBefore(piece.from());
    int actionSize = columns.actionSize();
    for (int i = 0; i < piece.steps(); i++) {
      int step = piece.from() + i;
      int at = first + FeatureColumns.KINDS * i;
      Arrays.fill(tokens, at, at + FeatureColumns.KINDS, step);
      int learned = at + FeatureColumns.STATE;
      rows.toCome(toCome, inputs, at + FeatureColumns.RETURN);
      rows.state(episode.states(), step * columns.stateSize(), inputs, learned);
      rows.action(episode.actions(), step * actionSize, inputs, at + FeatureColumns.ACTION);
      rows.reward(episode.rewards()[step], inputs, at + FeatureColumns.REWARD);
      labels[learned] = 0;
      System.arraycopy(
          episode.actions(), step * actionSize, targets, learned * actionSize, actionSize);
      toCome -= episode.rewards()[step];
    }
  }
}
