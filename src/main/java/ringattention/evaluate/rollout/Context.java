package ringattention.evaluate.rollout;

import java.util.ArrayList;
import java.util.List;
import ringattention.infer.TrajectoryEngine;

/**
 * What the model sees of all sequences, in pairs of positions: return and state, action and reward.
 * What is forgotten is as if it had never been: the rest is computed anew, from the first position
 * on, when an output is asked for.
 */
final class Context {
  private static final int POSITIONS = 2; // of a pair
  private static final int PIECE = 128; // pairs that are computed at a time

  /**
   * Two positions of every sequence.
   *
   * @param step of the episode
   * @param features [sequences, 2, width]
   */
  private record Pair(int step, float... features) {}

  private final TrajectoryEngine engine;
  private final boolean forgets;
  private final List<Pair> pairs = new ArrayList<>(); // where nothing is forgotten, the new ones
  private int computed; // of these

  /**
   * @param engine whose sequences are empty
   * @param forgets whether {@link #keep} will be called, for which pairs are kept here too
   */
  Context(TrajectoryEngine engine, boolean forgets) {
    this.engine = engine;
    this.forgets = forgets;
  }

  /**
   * Adds two positions to every sequence.
   *
   * @param step of the episode
   * @param features [sequences, 2, width], kept
   */
  void add(int step, float... features) {
    pairs.add(new Pair(step, features));
  }

  /** Forgets all but the latest pairs. */
  void keep(int latest) {
    if (!forgets) {
      throw new IllegalStateException("pairs that are to be forgotten were not kept");
    }
    if (pairs.size() > latest) {
      pairs.subList(0, pairs.size() - latest).clear();
      engine.clear();
      computed = 0;
    }
  }

  /**
   * Returns the outputs at the last position of each sequence, [sequences][actions]; there must be
   * a pair since the last call.
   */
  double[][] outputs() {
    double[][] outputs = null;
    while (computed < pairs.size()) {
      int end = Math.min(pairs.size(), computed + PIECE);
      outputs = append(pairs.subList(computed, end));
      computed = end;
    }
    if (!forgets) {
      pairs.clear();
      computed = 0;
    }
    return outputs;
  }

  private double[][] append(List<Pair> some) {
    int ofPair = some.get(0).features.length / engine.sequences();
    int[] steps = new int[POSITIONS * some.size()];
    float[] features = new float[engine.sequences() * some.size() * ofPair];
    for (int i = 0; i < some.size(); i++) {
      Pair pair = some.get(i);
      steps[POSITIONS * i] = pair.step;
      steps[POSITIONS * i + 1] = pair.step;
      for (int sequence = 0; sequence < engine.sequences(); sequence++) {
        int to = (sequence * some.size() + i) * ofPair;
        System.arraycopy(pair.features, sequence * ofPair, features, to, ofPair);
      }
    }
    return engine.append(steps, features);
  }
}
