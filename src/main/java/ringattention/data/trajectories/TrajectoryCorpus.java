package ringattention.data.trajectories;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * All episodes of a corpus, by number: task by task, each in the order of collection. All are read
 * once, and what is kept of each is short; its numbers are read again when a sequence wants them,
 * and the last ones stay in memory. Any thread may ask.
 */
public final class TrajectoryCorpus {
  private static final long MOST_KEPT = 1L << 29; // bytes of episodes
  private static final int SHARE = 8; // of the heap that they may have

  /** What is kept of an episode. */
  private record Entry(
      Path file,
      int task,
      int steps,
      int stateSize,
      int actionSize,
      double returned,
      StateMoments moments,
      byte[] digest) {}

  /** What came of reading a file: an entry, or why there is none. */
  private record Read(Path file, Optional<Entry> entry, Optional<InputException> problem) {}

  private final List<Entry> entries;
  private final List<String> tasks;
  private final RewardKind rewards;
  private final EpisodeCache cache =
      new EpisodeCache(Math.min(MOST_KEPT, Runtime.getRuntime().maxMemory() / SHARE));

  private TrajectoryCorpus(List<Entry> entries, List<String> tasks, RewardKind rewards) {
    this.entries = entries;
    this.tasks = tasks;
    this.rewards = rewards;
  }

  /**
   * Reads the episodes of a corpus, with all cores.
   *
   * @param bad takes a file that cannot be used and why, and throws that or goes on without it
   * @throws InputException naming {@code data.path} if there are no episodes that can be used
   */
  public static TrajectoryCorpus read(
      EpisodeFiles files, RewardKind rewards, Source source, BiConsumer<Path, InputException> bad) {
    List<Entry> entries = new ArrayList<>();
    for (int task = 0; task < files.tasks().size(); task++) {
      int number = task;
      List<Read> all =
          files.tasks().get(task).files().parallelStream()
              .map(file -> read(new EpisodeFile(file, rewards), number))
              .toList();
      for (Read one : all) {
        Optional<InputException> problem =
            one.problem.or(() -> one.entry.flatMap(entry -> otherSizes(entries, entry)));
        if (problem.isPresent()) {
          bad.accept(one.file, problem.get());
        } else {
          entries.add(one.entry.orElseThrow());
        }
      }
    }
    if (entries.isEmpty()) {
      throw source.error("data.path", "has no episode that can be used");
    }
    return new TrajectoryCorpus(
        entries, files.tasks().stream().map(EpisodeFiles.Task::name).toList(), rewards);
  }

  private static Read read(EpisodeFile file, int task) {
    try {
      return new Read(file.path(), Optional.of(entry(file, file.read(), task)), Optional.empty());
    } catch (InputException problem) {
      return new Read(file.path(), Optional.empty(), Optional.of(problem));
    }
  }

  private static Entry entry(EpisodeFile file, Episode episode, int task) {
    return new Entry(
        file.path(),
        task,
        episode.steps(),
        episode.stateSize(),
        episode.actionSize(),
        episode.returned(),
        StateMoments.of(episode),
        episode.digest());
  }

  private static Optional<InputException> otherSizes(List<Entry> before, Entry entry) {
    if (before.isEmpty()
        || before.get(0).stateSize == entry.stateSize
            && before.get(0).actionSize == entry.actionSize) {
      return Optional.empty();
    }
    return Optional.of(
        new InputException(
            entry.file
                + ": has "
                + entry.stateSize
                + " numbers of a state and "
                + entry.actionSize
                + " of an action, not "
                + before.get(0).stateSize
                + " and "
                + before.get(0).actionSize
                + " as "
                + before.get(0).file));
  }

  /** Returns the number of episodes. */
  public int size() {
    return entries.size();
  }

  /** Returns the numbers of the episodes of each task, ascending; tasks may have none. */
  public List<int[]> byTask() {
    List<int[]> all = new ArrayList<>();
    int first = 0;
    for (int task = 0; task < tasks.size(); task++) {
      int end = first;
      while (end < entries.size() && entries.get(end).task == task) {
        end++;
      }
      all.add(IntStream.range(first, end).toArray());
      first = end;
    }
    return all;
  }

  /** Returns the name of an episode's task. */
  public String task(int episode) {
    return tasks.get(entries.get(episode).task);
  }

  /** Returns the file of an episode. */
  public Path file(int episode) {
    return entries.get(episode).file;
  }

  public int steps(int episode) {
    return entries.get(episode).steps;
  }

  /** Returns the sum of an episode's rewards. */
  public double returned(int episode) {
    return entries.get(episode).returned;
  }

  /** Returns what a model must have room for. */
  public TrajectorySizes sizes() {
    return new TrajectorySizes(
        entries.get(0).stateSize,
        entries.get(0).actionSize,
        entries.stream().mapToInt(Entry::steps).max().orElseThrow());
  }

  /**
   * Returns mean and deviation of the states of some episodes.
   *
   * @param episodes at least one
   */
  public StateStatistics statistics(int... episodes) {
    return StateMoments.statistics(
        Arrays.stream(episodes).mapToObj(episode -> entries.get(episode).moments).toList());
  }

  /** Returns a text for each episode that tells its numbers, and where tasks begin. */
  public String[] digests() {
    return entries.stream()
        .map(entry -> entry.task + " " + HexFormat.of().formatHex(entry.digest))
        .toArray(String[]::new);
  }

  /**
   * Returns an episode.
   *
   * @throws InputException if its file can no longer be read, or holds something else than before
   */
  Episode episode(int number) {
    Episode kept = cache.get(number);
    if (kept != null) {
      return kept;
    }
    Entry entry = entries.get(number);
    Episode read = new EpisodeFile(entry.file, rewards).read();
    if (!Arrays.equals(read.digest(), entry.digest)) {
      throw new InputException(entry.file + ": has changed since the run began");
    }
    cache.put(number, read);
    return read;
  }
}
