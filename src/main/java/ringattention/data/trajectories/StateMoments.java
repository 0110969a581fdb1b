package ringattention.data.trajectories;

import java.util.Arrays;
import java.util.List;

/**
 * What is known of the states of some episodes: enough to join it with that of others in any number
 * (Chan, Golub, LeVeque 1979).
 *
 * @param count of states
 * @param mean [numbers of a state]
 * @param squares [numbers of a state]: sums of squared differences from the mean
 */
record StateMoments(long count, double[] mean, double[] squares) {
  /** A deviation that is a smaller share of its mean is rounding: the number never changes. */
  private static final double ROUNDING = 1e-6;

  static StateMoments of(Episode episode) {
    int size = episode.stateSize();
    double[] mean = new double[size];
    double[] squares = new double[size];
    for (int i = 0; i < size; i++) {
      double sum = 0;
      for (int at = i; at < episode.states().length; at += size) {
        sum += episode.states()[at];
      }
      mean[i] = sum / episode.steps();
      for (int at = i; at < episode.states().length; at += size) {
        double difference = episode.states()[at] - mean[i];
        squares[i] += difference * difference;
      }
    }
    return new StateMoments(episode.steps(), mean, squares);
  }

  /** Returns what is known of all together, in an order that must not change: sums are rounded. */
  static StateStatistics statistics(List<StateMoments> parts) {
    int size = parts.get(0).mean.length;
    double[] mean = new double[size];
    double[] squares = new double[size];
    long count = 0;
    for (StateMoments part : parts) {
      long all = count + part.count;
      for (int i = 0; i < size; i++) {
        double difference = part.mean[i] - mean[i];
        mean[i] += difference * part.count / all;
        squares[i] += part.squares[i] + difference * difference * count / all * part.count;
      }
      count = all;
    }
    double[] deviation = new double[size];
    for (int i = 0; i < size; i++) {
      double found = Math.sqrt(squares[i] / count);
      deviation[i] = found > ROUNDING * Math.max(1, Math.abs(mean[i])) ? found : 1;
    }
    return new StateStatistics(
        Arrays.stream(mean).boxed().toList(), Arrays.stream(deviation).boxed().toList());
  }
}
