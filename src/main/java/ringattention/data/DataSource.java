package ringattention.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * One table {@code [[data.source]]}: a corpus of several that a run learns from. Keys that it does
 * not give are those of section {@code [data]}.
 *
 * @param path a file or a folder, relative to the working directory
 * @param extensions of the files to read from a folder; empty: all files
 * @param format what the files hold; not lines
 * @param field of a JSON object that is the document
 * @param template of conversations
 * @param skipBad whether records that cannot be used are counted, and not an error
 * @param ids how {@link DataFormat#TOKENS} are written
 * @param weight its share of the tokens, among the weights of all; 0: it is not read
 * @param epochs after which it gives no more; 0: it has no limit
 */
public record DataSource(
    Path path,
    List<String> extensions,
    DataFormat format,
    String field,
    String template,
    boolean skipBad,
    FlatConfig ids,
    double weight,
    double epochs) {
  private static final int LARGEST = 1_000_000;

  public DataSource {
    extensions = List.copyOf(extensions);
  }

  /**
   * @param format of section [data], as all that follows
   * @param field empty: what suits the format
   */
  static DataSource read(
      Table table,
      DataFormat format,
      List<String> extensions,
      Optional<String> field,
      String template,
      boolean skipBad,
      FlatConfig ids) {
    Path path = table.marked(Trait.OWN).path("path", Default.required("text"));
    DataFormat own =
        table.choice("format", DataFormat.class, Default.derived(format, "data.format"));
    table.require(own != DataFormat.LINES, "format", "must be of files: lines are made, not read");
    table.require(
        own != DataFormat.TRAJECTORIES,
        "format",
        "must have tokens: trajectories are no source of a mixture");
    List<String> endings =
        DataConfig.extensions(table, Default.derived(extensions, "data.extensions"));
    String part =
        table.text(
            "field",
            Default.derived(field.orElse(DataConfig.field(own)), "data.field, or the format's"));
    String words = DataConfig.template(table, Default.derived(template, "data.template"));
    boolean skips = table.flag("skipBad", Default.derived(skipBad, "data.skipBad"));
    FlatConfig how = FlatConfig.ofSource(table, own == DataFormat.TOKENS, ids);
    double weight = table.number("weight", Range.between(0, LARGEST), Default.of(1.0));
    table.require(
        weight == 0 || weight >= 1.0 / LARGEST, "weight", "must be 0, or 0.000001 to " + LARGEST);
    double epochs = table.number("epochs", Range.atLeast(0), Default.of(0.0));
    return new DataSource(path, endings, own, part, words, skips, how, weight, epochs);
  }
}
