package ringattention.data;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import ringattention.data.trajectories.EpisodeFiles;
import ringattention.data.trajectories.StateStatistics;
import ringattention.data.trajectories.TrajectoriesConfig;
import ringattention.data.trajectories.TrajectoryCorpus;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/**
 * The episodes of section {@code [data]}, in two parts as section {@code [validation]} says: of one
 * task by episode, of several by task, so that what is kept out is of tasks never learned.
 *
 * @param corpus all episodes
 * @param learned numbers of those that are learned from
 * @param keptOut numbers of the others; all where nothing is kept out
 */
record TrajectorySource(
    TrajectoryCorpus corpus, CorpusCounts counts, int[] learned, int[] keptOut) {
  /**
   * Reads them.
   *
   * @throws InputException naming file or key if anything is wrong
   */
  static TrajectorySource of(Configuration configuration, long seed) {
    DataConfig data = configuration.get(DataConfig.SECTION);
    TrajectoriesConfig config = configuration.get(TrajectoriesConfig.SECTION);
    RecordCounter counter = new RecordCounter(data.skipBad());
    TrajectoryCorpus corpus =
        TrajectoryCorpus.read(
            files(configuration),
            config.rewards(),
            configuration.source(),
            (file, problem) ->
                counter.bad(file.toString(), reason(file.toString(), problem), problem));
    IntStream.range(0, corpus.size()).forEach(episode -> counter.used());
    int[] all = IntStream.range(0, corpus.size()).toArray();
    Split learned = new Split(configuration, seed, false);
    if (!learned.divides()) {
      return new TrajectorySource(corpus, counter.counts(), all, all);
    }
    Split keptOut = new Split(configuration, seed, true);
    return new TrajectorySource(
        corpus, counter.counts(), part(corpus, learned), part(corpus, keptOut));
  }

  /** Returns the files; reads none. */
  static EpisodeFiles files(Configuration configuration) {
    return EpisodeFiles.of(
        configuration.get(DataConfig.SECTION).path(),
        configuration.get(TrajectoriesConfig.SECTION).tasks(),
        configuration.source());
  }

  /** Returns a line that says how many files are no episodes; none if all are. */
  static List<String> leftOut(Configuration configuration) {
    int others = files(configuration).leftOut();
    return others == 0
        ? List.of()
        : List.of(
            others
                + (others == 1 ? " file of " : " files of ")
                + configuration.get(DataConfig.SECTION).path()
                + (others == 1 ? " is" : " are")
                + " left out: hidden ones, and those not named .npz");
  }

  /** Returns a reason without the name of the file, which every one has. */
  private static String reason(String file, InputException problem) {
    String message = problem.getMessage();
    return message.startsWith(file + ": ") ? message.substring(file.length() + 2) : message;
  }

  private static int[] part(TrajectoryCorpus corpus, Split split) {
    var tasks = corpus.byTask().stream().filter(task -> task.length > 0).toList();
    return tasks.size() == 1
        ? split.of(corpus.size())
        : IntStream.of(split.of(tasks.size()))
            .flatMap(task -> IntStream.of(tasks.get(task)))
            .toArray();
  }

  /**
   * Returns what states are standardised by: the file's that the input names, or those of what is
   * learned from.
   *
   * @throws InputException if the file does not suit the states
   */
  StateStatistics statistics(Configuration configuration) {
    return given(configuration, corpus).orElseGet(() -> corpus.statistics(learned));
  }

  /** Returns the statistics of the file that the input names, if it does. */
  static Optional<StateStatistics> given(Configuration configuration, TrajectoryCorpus corpus) {
    return configuration
        .get(TrajectoriesConfig.SECTION)
        .statistics()
        .map(
            file -> {
              StateStatistics read = StateStatistics.read(file);
              if (read.size() != corpus.sizes().stateSize()) {
                throw configuration
                    .source()
                    .error(
                        "trajectories.statistics",
                        "are of states of "
                            + read.size()
                            + " numbers, those of the data have "
                            + corpus.sizes().stateSize());
              }
              return read;
            });
  }

  /** Returns the SHA-256 of all episodes in their order and tasks. */
  String digest() {
    return Digest.of(corpus.digests());
  }
}
