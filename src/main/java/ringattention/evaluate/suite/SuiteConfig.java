package ringattention.evaluate.suite;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import ringattention.infer.Sampling;
import ringattention.infer.Settings;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [suite]}: what a model is asked to find in long texts.
 *
 * @param path LongEval's own test files; none: contexts are made
 * @param lengths tokens of contexts, with question and answer
 * @param contexts of each length, and of each depth
 * @param questions of a context
 * @param depths of the needle, percent of the text
 * @param counts of niah
 * @param haystack a file or folder of text; none: RULER's noise
 * @param newTokens the most tokens of an answer
 * @param stop texts before which an answer ends; none: see {@link SuiteWording}
 * @param template of what a user says, as {@code data.template}; {@link #NO_TEMPLATE}: prompts are
 *     texts to go on with
 */
public record SuiteConfig(
    SuiteName name,
    SuiteWording wording,
    Optional<Path> path,
    List<Integer> lengths,
    int contexts,
    int questions,
    List<Integer> depths,
    NiahCounts counts,
    Optional<Path> haystack,
    int newTokens,
    List<String> stop,
    String template,
    long seed) {
  public static final Section<SuiteConfig> SECTION =
      Section.required("suite", "name", SuiteConfig::read).marked(Trait.ASIDE);

  public static final String NO_TEMPLATE = "none";

  private static final int MOST_NEEDLES = 1000;

  /**
   * How much RULER's needles hide and ask.
   *
   * @param keys that are hidden
   * @param values of each
   * @param queries keys of a question
   */
  public record NiahCounts(int keys, int values, int queries) {}

  public SuiteConfig {
    lengths = List.copyOf(lengths);
    depths = List.copyOf(depths);
    stop = List.copyOf(stop);
  }

  static SuiteConfig read(Table table) {
    SuiteName name = table.choice("name", SuiteName.class, Default.required(SuiteName.LINES));
    SuiteWording wording =
        table.choice("wording", SuiteWording.class, Default.of(SuiteWording.AUTO));
    Optional<Path> path =
        table
            .onlyIf(name == SuiteName.LINES, "only of lines, whose tests LongEval has files of")
            .marked(Trait.ASIDE, Trait.OWN)
            .optionalPath("path");
    Table made = table.onlyIf(path.isEmpty(), "not with suite.path, whose files say it");
    List<Integer> lengths = made.integers("lengths", Range.atLeast(1), Default.list(4096));
    distinct(table, "lengths", lengths);
    int contexts = made.integer("contexts", Range.atLeast(1), Default.of(10));
    boolean one = name == SuiteName.NEEDLE;
    int questions =
        made.onlyIf(path.isEmpty() && !one, "a needle or a file's prompt has one question")
            .integer(
                "questions",
                Range.between(1, MOST_NEEDLES),
                Default.derived(name == SuiteName.LINES ? 5 : 1, "5 of lines, else 1"));
    List<Integer> depths =
        table
            .onlyIf(one, "only of needle: elsewhere values lie all over the text")
            .integers("depths", Range.between(0, 100), Default.list(0, 25, 50, 75, 100));
    distinct(table, "depths", depths);
    NiahCounts counts = counts(table, name == SuiteName.NIAH, questions);
    return new SuiteConfig(
        name,
        wording,
        path,
        lengths,
        contexts,
        path.isPresent() || one ? 1 : questions,
        depths,
        counts,
        table
            .onlyIf(name != SuiteName.LINES, "not of lines, whose filler are lines")
            .marked(Trait.ASIDE, Trait.OWN)
            .optionalPath("haystack"),
        table.integer(
            "newTokens",
            Range.atLeast(1),
            Default.derived(name == SuiteName.NIAH ? 128 : 100, "100, or 128 of niah")),
        table.wordings("stop"),
        table.marked(Trait.ASIDE, Trait.OWN).text("template", Default.of(NO_TEMPLATE)),
        table.longInteger("seed", Range.ANY, Default.of(1L)));
  }

  private static NiahCounts counts(Table table, boolean niah, int questions) {
    Table niahs = table.onlyIf(niah, "only of niah");
    int values = niahs.integer("values", Range.between(1, MOST_NEEDLES), Default.of(1));
    int queries = niahs.integer("queries", Range.between(1, MOST_NEEDLES), Default.of(1));
    int asked = niah ? Math.multiplyExact(queries, questions) : 1;
    int keys =
        niahs.integer(
            "keys", Range.between(1, MOST_NEEDLES), Default.derived(asked, "queries x questions"));
    table.require(
        !niah || keys >= asked,
        "keys",
        "must be at least queries x questions (" + asked + "): each is for other keys");
    table.require(
        !niah || (long) keys * values <= MOST_NEEDLES,
        "values",
        "must be at most " + MOST_NEEDLES + " of all keys together");
    return new NiahCounts(keys, values, queries);
  }

  /** The same set would be drawn twice. */
  private static void distinct(Table table, String key, List<Integer> values) {
    table.require(new HashSet<>(values).size() == values.size(), key, "must not have one twice");
  }

  /** Returns the settings of every request: greedy, one answer. */
  Settings settings(List<String> ends) {
    return new Settings(newTokens, 1, new Sampling(0, 0, 1, 1, 1), stop.isEmpty() ? ends : stop);
  }
}
