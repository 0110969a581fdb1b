package ringattention.data;

import java.util.List;
import java.util.Optional;
import ringattention.data.fasta.MarkovModel;
import ringattention.input.Configuration;
import ringattention.metrics.TextUnit;

/**
 * The sequences of an evaluation. Every sequence behind the last is padding, whose labels count
 * nothing. For one thread.
 */
public interface HeldOutSamples extends Samples {
  /** Returns the number of sequences that are not all padding. */
  long sequences();

  /** Returns the labels of all sequences; may read them. */
  long labels();

  /** Returns the names of the sources that sequences are of; none where the corpus is one. */
  default List<String> sourceNames() {
    return List.of();
  }

  /**
   * Returns which of {@link #sourceNames} a sequence is of, counted from 0.
   *
   * @param index below {@link #sequences}
   */
  default int source(long index) {
    return 0;
  }

  /**
   * Returns the bytes, or other {@link #textUnit}s, of text of every token, by its number; empty
   * where that is not known.
   */
  Optional<int[]> tokenBytes();

  /** Returns what texts are measured in. */
  default TextUnit textUnit() {
    return TextUnit.BYTE;
  }

  /**
   * Returns what a simple model that has learned the same makes of what is evaluated, of genomes;
   * empty elsewhere. Reads all of it.
   *
   * @param most sequences that are evaluated, the first; 0: all
   */
  default Optional<MarkovModel> baseline(int most) {
    return Optional.empty();
  }

  /**
   * Reads, and tokenizes, what section {@code [validation]} keeps out of training; the corpus of
   * section {@code [data]} if it keeps out nothing. Of lines, which are never read twice, makes
   * tasks that no training sees.
   *
   * @throws ringattention.input.InputException if anything of these sections is wrong
   */
  static HeldOutSamples of(Configuration configuration, SampleShape shape) {
    return of(configuration, shape, HostTokens.own());
  }

  /**
   * The same of tokens that another process of the host may have made.
   *
   * @param host where they are, or takes where they are
   */
  static HeldOutSamples of(Configuration configuration, SampleShape shape, HostTokens host) {
    if (configuration.has(DataConfig.SECTION)
        && configuration.get(DataConfig.SECTION).format() == DataFormat.LINES) {
      return new HeldOutLines(configuration, shape);
    }
    if (configuration.has(DataConfig.SECTION)
        && configuration.get(DataConfig.SECTION).format() == DataFormat.TRAJECTORIES) {
      return new HeldOutTrajectories(configuration, shape);
    }
    Configuration read = configuration.get(ValidationConfig.SECTION).inPlaceOfData(configuration);
    List<DataSources.One> sources = DataSources.of(read);
    return sources.isEmpty()
        ? HeldOutCorpus.of(configuration, shape, host)
        : MixedHeldOut.of(sources, shape, host);
  }
}
