package ringattention.data;

import java.nio.file.Path;
import java.util.Optional;
import ringattention.input.Configuration;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [validation]}: what is kept out of training, and when its loss is measured.
 *
 * @param path a corpus of its own, read as section {@code [data]} says
 * @param fraction of the documents of the corpus that are kept out of training; 0: none
 * @param every steps between evaluations; 0: after the last step only
 * @param sequences that are evaluated, the first of the corpus; 0: all
 */
public record ValidationConfig(Optional<Path> path, double fraction, int every, int sequences) {
  public static final Section<ValidationConfig> SECTION =
      Section.of("validation", ValidationConfig::read);

  static ValidationConfig read(Table table) {
    Optional<Path> path = table.marked(Trait.OWN).optionalPath("path");
    double fraction = table.number("fraction", Range.FRACTION, Default.of(0.0));
    table.require(
        path.isEmpty() || fraction == 0,
        "fraction",
        "must be 0 where validation.path names a corpus of its own");
    int every = table.marked(Trait.ASIDE).integer("every", Range.atLeast(0), Default.of(0));
    table.require(
        every == 0 || path.isPresent() || fraction > 0,
        "every",
        "must be 0 without validation.path and validation.fraction: nothing is kept out");
    int sequences = table.marked(Trait.ASIDE).integer("sequences", Range.atLeast(0), Default.of(0));
    return new ValidationConfig(path, fraction, every, sequences);
  }

  /** Returns whether a training run measures a loss of what it does not learn. */
  public boolean isOn() {
    return path.isPresent() || fraction > 0;
  }

  /**
   * Returns the configuration with {@code path}, if there is one, as the corpus, also in errors.
   *
   * @throws ringattention.input.InputException if it would be text without a tokenizer, as beside
   *     sources that hold tokens
   */
  Configuration inPlaceOfData(Configuration configuration) {
    if (path.isEmpty()) {
      return configuration;
    }
    DataConfig data = configuration.get(DataConfig.SECTION);
    if (data.tokenizer().equals(DataConfig.NONE) && data.format().isTokenized()) {
      throw configuration
          .source()
          .error(
              "validation.path",
              "is read as data.format = \""
                  + data.format()
                  + "\", which is tokenized: data.tokenizer must not be \"none\", or data.format be"
                  + " that of the sources");
    }
    return configuration
        .change()
        .set(DataConfig.SECTION, data.withPath(path.get()))
        .naming("data.path", "validation.path")
        .done();
  }
}
