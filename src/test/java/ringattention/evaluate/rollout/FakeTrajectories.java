package ringattention.evaluate.rollout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import ringattention.infer.TrajectoryEngine;
import ringattention.random.Seed;

/**
 * An engine whose outputs are a function of all that a sequence holds, and that shows it; a blind
 * one's are of how much that is.
 */
final class FakeTrajectories implements TrajectoryEngine {
  /** A position of a sequence. */
  record Position(int step, List<Float> features) {}

  final List<List<Position>> held = new ArrayList<>(); // by sequence

  /** What each sequence held when outputs were asked for, of the first alone. */
  final List<List<Position>> seen = new ArrayList<>();

  private final int actions;
  private final boolean blind;
  private final int[] hashes; // of what each sequence holds

  FakeTrajectories(int sequences, int actions, boolean blind) {
    this.actions = actions;
    this.blind = blind;
    this.hashes = new int[sequences];
    for (int i = 0; i < sequences; i++) {
      held.add(new ArrayList<>());
    }
  }

  @Override
  public int sequences() {
    return held.size();
  }

  @Override
  public double[][] append(int[] steps, float... features) {
    int width = features.length / steps.length / held.size();
    double[][] outputs = new double[held.size()][actions];
    for (int sequence = 0; sequence < held.size(); sequence++) {
      List<Position> own = held.get(sequence);
      for (int i = 0; i < steps.length; i++) {
        int from = (sequence * steps.length + i) * width;
        List<Float> numbers = new ArrayList<>();
        for (float number : Arrays.copyOfRange(features, from, from + width)) {
          numbers.add(number);
        }
        own.add(new Position(steps[i], numbers));
        hashes[sequence] = Objects.hash(hashes[sequence], steps[i], numbers);
      }
      Seed seed = Seed.of(blind ? own.size() : hashes[sequence], "outputs");
      Arrays.setAll(outputs[sequence], seed::bell);
    }
    if (!blind) {
      seen.add(List.copyOf(held.get(0)));
    }
    return outputs;
  }

  @Override
  public void clear() {
    held.forEach(List::clear);
    Arrays.fill(hashes, 0);
  }

  @Override
  public void close() {}
}
