package ringattention.data.trajectories;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import ringattention.input.Source;
import ringattention.random.Seed;

/**
 * Which pieces are in which sequence of a training run: a function of seed and index. All windows
 * of an episode, the last among them, are alike likely.
 */
public final class TrajectoryDraw {
  private final TrajectoryCorpus corpus;
  private final TrajectoriesConfig config;
  private final int steps;
  private final Seed seed;
  private final List<int[]> tasks = new ArrayList<>(); // numbers of episodes, ascending
  private final int[] episodes; // of all tasks
  private final long[] ends; // of each choice: of a window, a task, or a row of episodes

  /**
   * @param learned numbers of the episodes that are learned from, ascending
   * @param steps of each that are used
   * @throws ringattention.input.InputException naming {@code trajectories.count} if a task has
   *     fewer
   */
  public TrajectoryDraw(
      TrajectoryCorpus corpus,
      TrajectoriesConfig config,
      int[] learned,
      int steps,
      long seed,
      Source source) {
    this.corpus = corpus;
    this.config = config;
    this.steps = steps;
    this.seed = Seed.of(seed, "trajectories");
    Set<Integer> chosen = new HashSet<>();
    Arrays.stream(learned).forEach(chosen::add);
    for (int[] task : corpus.byTask()) {
      int[] best = best(Arrays.stream(task).filter(chosen::contains).toArray());
      if (best.length > 0) {
        requireEnough(best, source);
        tasks.add(best);
      }
    }
    this.episodes = tasks.stream().flatMapToInt(Arrays::stream).toArray();
    this.ends = ends();
  }

  private int[] best(int... task) {
    int kept = (int) Math.ceil(config.best() * task.length);
    return Arrays.stream(task)
        .boxed()
        .sorted(Comparator.comparingDouble(corpus::returned).reversed())
        .limit(kept)
        .mapToInt(episode -> episode)
        .sorted()
        .toArray();
  }

  private void requireEnough(int[] task, Source source) {
    if (task.length < config.count()) {
      throw source.error(
          "trajectories.count",
          "must be at most "
              + task.length
              + ", the trajectories of task \""
              + corpus.task(task[0])
              + "\" that are learned from");
    }
  }

  private long[] ends() {
    boolean windows = config.arrangement() == Arrangement.DECISION;
    long[] found = new long[windows ? episodes.length : tasks.size()];
    long end = 0;
    for (int i = 0; i < found.length; i++) {
      end += windows ? starts(episodes[i]) : choices(tasks.get(i));
      found[i] = end;
    }
    return found;
  }

  /** Returns how many windows an episode has. */
  private int starts(int episode) {
    return Math.max(1, corpus.steps(episode) - steps + 1);
  }

  private int choices(int... task) {
    return config.order() == TrajectoryOrder.COLLECTED
        ? task.length - config.count() + 1
        : task.length;
  }

  /** Returns the numbers of the episodes that sequences are made of. */
  public int[] episodes() {
    return episodes.clone();
  }

  /** Returns the number of tasks. */
  public int tasks() {
    return tasks.size();
  }

  /** Returns the pieces of a sequence, in their order. */
  public List<Piece> pieces(long index) {
    Seed numbers = Seed.of(seed.bits(index), "sequence");
    long choice = Long.remainderUnsigned(numbers.bits(0), ends[ends.length - 1]);
    int place = place(choice);
    long within = choice - (place == 0 ? 0 : ends[place - 1]);
    if (config.arrangement() == Arrangement.DECISION) {
      return List.of(piece(episodes[place], (int) within));
    }
    int[] task = tasks.get(place);
    if (config.order() == TrajectoryOrder.COLLECTED) {
      return IntStream.range(0, config.count())
          .mapToObj(i -> piece(task[(int) within + i], numbers, 1 + i))
          .toList();
    }
    return drawn(task, numbers).stream()
        .sorted(
            Comparator.comparingDouble((Piece piece) -> corpus.returned(piece.episode()))
                .thenComparing(Piece::episode))
        .toList();
  }

  private int place(long choice) {
    int found = Arrays.binarySearch(ends, choice + 1);
    return found >= 0 ? found : -found - 1;
  }

  /** Returns trajectories of a task, none twice (Floyd's algorithm, Bentley 1987). */
  private List<Piece> drawn(int[] task, Seed numbers) {
    Set<Integer> places = new HashSet<>();
    List<Piece> pieces = new ArrayList<>();
    int count = config.count();
    for (int last = task.length - count, i = 0; last < task.length; last++, i++) {
      int drawn = (int) Long.remainderUnsigned(numbers.bits(1 + count + i), last + 1L);
      int place = places.add(drawn) ? drawn : last;
      places.add(place);
      pieces.add(piece(task[place], numbers, 1 + i));
    }
    return pieces;
  }

  private Piece piece(int episode, Seed numbers, int which) {
    return piece(episode, (int) Long.remainderUnsigned(numbers.bits(which), starts(episode)));
  }

  private Piece piece(int episode, int from) {
    return new Piece(episode, from, Math.min(steps, corpus.steps(episode) - from));
  }
}
