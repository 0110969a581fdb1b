package ringattention.data;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringattention.data.trajectories.StateStatistics;
import ringattention.data.trajectories.TrajectorySizes;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/**
 * The sequences of a training run. Each is a function of the seed, its index, and the corpus alone:
 * the same on every rank, for any number of ranks, and a run that is resumed only needs to know the
 * step. For one thread.
 */
public interface Samples extends AutoCloseable {
  /**
   * @param index counts sequences over all ranks and steps: {@code step * batch + i}
   * @throws InputException if a file can no longer be read
   */
  Sample sample(long index);

  /** How many labels of a sequence count. Needs no tokenizer: reads what the sequence would. */
  default int labels(long index) {
    return sample(index).counted();
  }

  /** How many levels of difficulty there are; a corpus has one. */
  default int levels() {
    return 1;
  }

  /**
   * Lets sequences be of a level from now on: with levels, a sequence is a function of the seed,
   * the level and its index.
   *
   * @param level from 0 to {@link #levels} - 1; it begins at 0
   */
  default void level(int level) {
    if (level < 0 || level >= levels()) {
      throw new IllegalArgumentException("no level " + level + " of " + levels());
    }
  }

  /**
   * Says what sequences are that are made without end instead of read: they have no epochs, and
   * {@link #tokens}, {@link #epochTokens} and {@link #documents} are 0. Empty for a corpus.
   */
  default Optional<String> endless() {
    return Optional.empty();
  }

  /**
   * Whether labels are the answers to questions: every maximal run of consecutive labels that count
   * within a document is the answer to one, and lies within a sequence. Then it makes sense to ask
   * how many are wholly right.
   */
  default boolean hasQuestions() {
    return false;
  }

  /**
   * Demands as many sequences as a run takes. A corpus is read again and again.
   *
   * @throws InputException if there are fewer, for sources of it have limits
   */
  default void require(long sequences) {}

  /**
   * Returns a table of the sources that sequences come from, a line each below its names; none
   * where there is one.
   *
   * @param sequences of the run
   */
  default List<String> sources(long sequences) {
    return List.of();
  }

  /**
   * Returns a digest of each source and its weight, by a name with its number; none where the
   * corpus is one.
   */
  default Map<String, String> digests() {
    return Map.of();
  }

  /** Returns what there is, for the log: its size where it has an end. */
  default String text() {
    return endless().orElseGet(() -> documents() + " documents with " + tokens() + " tokens");
  }

  /** Tokens of the corpus, padding not counted. */
  long tokens();

  /** Returns the tokens of the sequences of one epoch: those of the corpus, and padding. */
  default long epochTokens() {
    return tokens();
  }

  /** Documents of the corpus. */
  long documents();

  /**
   * Returns the SHA-256 of the corpus as tokenized, in 64 hexadecimal digits: of its tokens, of
   * which of them are to be learned, and of where documents begin; not of the names of files, nor
   * of sequences. A corpus that is not tokenized, for its bytes are the tokens, is read for it.
   *
   * @throws InputException if a file can no longer be read
   */
  String digest();

  /**
   * Returns what was counted when the corpus was tokenized: of the whole corpus, also where these
   * are sequences of a part of it.
   */
  default CorpusCounts counts() {
    return CorpusCounts.NONE;
  }

  /** Returns what a model of trajectories must have room for; empty where there are tokens. */
  default Optional<TrajectorySizes> trajectories() {
    return Optional.empty();
  }

  /** Returns what states of trajectories are standardised by; empty where there are tokens. */
  default Optional<StateStatistics> statistics() {
    return Optional.empty();
  }

  @Override
  void close();

  /** Returns whether an input has data, and of this format. */
  private static boolean isOf(Configuration configuration, DataFormat format) {
    return configuration.has(DataConfig.SECTION)
        && configuration.get(DataConfig.SECTION).format() == format;
  }

  /**
   * Demands that there is something to read; reads nothing. Lines need no files.
   *
   * @throws InputException naming {@code data.path} if it holds no text, or no episodes
   */
  static void requireFiles(Configuration configuration) {
    DataConfig data = configuration.get(DataConfig.SECTION);
    if (data.format() == DataFormat.TRAJECTORIES) {
      TrajectorySource.files(configuration);
    } else if (data.format() != DataFormat.LINES) {
      DataSources.configurations(configuration).forEach(one -> new CorpusFiles(one).all());
    }
  }

  /**
   * Returns lines that say how many files of a folder are no part of the corpus; none if all are,
   * or there is no folder.
   *
   * @throws InputException if it cannot be read
   */
  static List<String> leftOut(Configuration configuration) {
    if (isOf(configuration, DataFormat.TRAJECTORIES)) {
      return TrajectorySource.leftOut(configuration);
    }
    return configuration.has(DataConfig.SECTION) && !isOf(configuration, DataFormat.LINES)
        ? DataSources.configurations(configuration).stream()
            .flatMap(one -> new CorpusFiles(one).leftOut().stream())
            .toList()
        : List.of();
  }

  /**
   * Reads, and tokenizes, the corpus, but for what section {@code [validation]} keeps out of it;
   * lines are made, and sequences of trajectories are of steps.
   *
   * @throws InputException if anything of section {@code [data]} is wrong, or the tokenizer has
   *     more tokens than the model
   */
  static Samples of(Configuration configuration, SampleShape shape) {
    return of(configuration, shape, HostTokens.own());
  }

  /**
   * The same of tokens that another process of the host may have made.
   *
   * @param host where they are, or takes where they are
   */
  static Samples of(Configuration configuration, SampleShape shape, HostTokens host) {
    if (isOf(configuration, DataFormat.LINES)) {
      return new LineSamples(configuration, shape, "training");
    }
    if (isOf(configuration, DataFormat.TRAJECTORIES)) {
      return new TrajectorySamples(configuration, shape);
    }
    List<DataSources.One> sources = DataSources.of(configuration);
    if (!sources.isEmpty()) {
      return MixedSamples.of(sources, shape, host);
    }
    return Corpus.samples(configuration, shape, host);
  }
}
