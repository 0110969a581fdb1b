package ringattention.environment;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ringattention.random.Seed;

/**
 * Policies that go where few have been, in generations: the first are random, the others are
 * changed ones of those before, of which the ones are taken that visited the rarest cells (novelty
 * search, Lehman and Stanley 2011). Rewards are not looked at. A search is one run of consecutive
 * episodes, whose first is a multiple of {@link #EPISODES}.
 */
final class NoveltySearch implements Collector {
  /** Episodes of one search. */
  static final int EPISODES = 1024;

  private static final int CANDIDATES = 8;
  private static final double CHANGE = .05; // of weights
  private static final double[] CELL = {.5, Math.PI / 8, 1, 1.5}; // of each number of physics

  /** A policy and the cells that its episode visited, each once. */
  private record Member(TanhPolicy policy, int[] cells) {}

  private final long history;
  private final List<Member> archive = new ArrayList<>();
  private final Map<Integer, Integer> visits = new HashMap<>(); // episodes by cell
  private TanhPolicy[] policies;

  NoveltySearch(long history) {
    this.history = history;
  }

  @Override
  public void begin(int first, Environment environment) {
    policies = new TanhPolicy[environment.count()];
    for (int i = 0; i < policies.length; i++) {
      Seed seed = Seed.of(history + first + i, "novelty");
      policies[i] =
          archive.isEmpty()
              ? TanhPolicy.random(environment, TanhPolicies.SPREAD, seed)
              : parent(seed).changed(CHANGE, seed);
    }
  }

  private TanhPolicy parent(Seed seed) {
    Member best = null;
    for (int i = 1; i <= CANDIDATES; i++) {
      Member other = archive.get((int) ((seed.bits(-i) >>> 33) % archive.size()));
      best = best == null || rarity(other) > rarity(best) ? other : best;
    }
    return best.policy();
  }

  private double rarity(Member member) {
    double sum = 0;
    for (int cell : member.cells()) {
      sum += 1. / visits.get(cell);
    }
    return sum;
  }

  @Override
  public void act(int step, Environment environment, float[] actions) {
    for (int i = 0; i < policies.length; i++) {
      policies[i].act(i, environment.observations(), actions);
    }
  }

  @Override
  public void end(Episodes episodes) {
    int rows = episodes.rows();
    int[] cells = new int[rows];
    for (int i = 0; i < policies.length; i++) {
      for (int row = 0; row < rows; row++) {
        cells[row] = cell(episodes.physics(), (i * rows + row) * CELL.length);
      }
      int[] visited = java.util.Arrays.stream(cells).sorted().distinct().toArray();
      for (int cell : visited) {
        visits.merge(cell, 1, Integer::sum);
      }
      archive.add(new Member(policies[i], visited));
    }
  }

  /** Returns the number of the cell that a state lies in; the pole's angle counts modulo a turn. */
  private static int cell(double[] physics, int offset) {
    int cell = 0;
    for (int i = 0; i < CELL.length; i++) {
      int place = (int) Math.floor(physics[offset + i] / CELL[i]);
      cell = cell * 64 + Math.floorMod(place, i == 1 ? 16 : 64);
    }
    return cell;
  }
}
