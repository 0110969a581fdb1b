package ringattention.infer;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import ringattention.data.DataConfig;
import ringattention.data.Tokenizer;
import ringattention.input.Default;
import ringattention.input.InputException;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Source;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [generate]}.
 *
 * @param tokenizer {@code bytes}, or a tokenizer.json or its folder; without it that of the model's
 *     folder, else {@code data.tokenizer}, else bytes
 * @param template of messages, as {@code data.template}
 * @param prompts a file of requests, see {@link RequestReader}
 * @param settings of requests that do not say otherwise
 * @param endTokens that end an answer, ids or spellings; empty: the tokenizer's end
 * @param batch answers decoded together at most
 * @param logProbabilities whether results have them
 * @param ignoreEnd whether end tokens are tokens like others
 */
public record GenerateConfig(
    Optional<String> tokenizer,
    String template,
    Optional<Path> prompts,
    Settings settings,
    List<Object> endTokens,
    int batch,
    boolean logProbabilities,
    boolean ignoreEnd) {
  public static final Section<GenerateConfig> SECTION =
      Section.of("generate", GenerateConfig::read).marked(Trait.ASIDE);

  private static final int MOST_ROWS = 16;

  public GenerateConfig {
    endTokens = List.copyOf(endTokens);
  }

  static GenerateConfig read(Table table) {
    Optional<String> tokenizer = table.marked(Trait.OWN).optionalText("tokenizer");
    String template = table.marked(Trait.OWN).text("template", Default.of(DataConfig.AUTO));
    table.require(template.indexOf('\0') < 0, "template", "must not contain a zero byte");
    Optional<Path> prompts = table.marked(Trait.ASIDE, Trait.OWN).optionalPath("prompts");
    int maxNewTokens = table.integer("maxNewTokens", Range.atLeast(1), Default.of(128));
    int samples = table.integer("samples", Range.atLeast(1), Default.of(1));
    Sampling sampling =
        new Sampling(
            table.number("temperature", Range.atLeast(0), Default.of(0.0)),
            table.integer("topK", Range.atLeast(0), Default.of(0)),
            table.number("topP", Range.ABOVE_0_TO_1, Default.of(1.0)),
            table.number("repetitionPenalty", Range.POSITIVE, Default.of(1.0)),
            table.longInteger("seed", Range.ANY, Default.of(1L)));
    List<String> stop = table.wordings("stop");
    return new GenerateConfig(
        tokenizer,
        template,
        prompts,
        new Settings(maxNewTokens, samples, sampling, stop),
        table.numbersOrTexts("endTokens", "the tokenizer's end"),
        table.integer("batch", Range.between(1, MOST_ROWS), Default.of(8)),
        table.flag("logProbabilities", Default.of(false)),
        table.flag("ignoreEnd", Default.of(false)));
  }

  /**
   * Returns the tokens that end an answer.
   *
   * @throws InputException if one of them is none of the tokenizer's
   */
  public Set<Integer> ends(Tokenizer tokenizer, Source source) {
    Set<Integer> ends = new LinkedHashSet<>();
    for (Object token : endTokens) {
      int id =
          token instanceof Integer number ? number : tokenizer.token((String) token).orElse(-1);
      if (id < 0 || id >= tokenizer.vocabulary()) {
        String named = token instanceof Integer ? "the number " + token : "\"" + token + "\"";
        throw source.error("generate.endTokens", named + " is no token of the tokenizer");
      }
      ends.add(id);
    }
    return ends.isEmpty() ? Set.of(tokenizer.end()) : ends;
  }
}
