package ringattention.evaluate.suite;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import ringattention.data.ChatPrompt;
import ringattention.data.Tokenizer;
import ringattention.infer.OneLength;
import ringattention.infer.Request;
import ringattention.infer.Requests;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;
import ringattention.model.ModelConfig;

/**
 * All that a suite asks, in the order of asking.
 *
 * @param cases with requests whose ids differ
 */
public record SuiteCases(SuiteName name, List<Case> cases) {
  private static final List<String> LINE_END = List.of("\n");
  private static final int SAMPLE = 12345; // a number to write

  public SuiteCases {
    cases = List.copyOf(cases);
  }

  /**
   * Makes the contexts, or reads them from LongEval's files. The same input and tokenizer give the
   * same cases anywhere.
   *
   * @param chats puts what a user says into words; none with {@code suite.template = "none"}
   * @throws InputException naming the key if a file is not as it must be, or a length cannot be met
   */
  public static SuiteCases of(
      Configuration configuration, Tokenizer tokenizer, Optional<ChatPrompt> chats) {
    SuiteConfig config = configuration.get(SuiteConfig.SECTION);
    Source source = configuration.source();
    SuiteWording wording = wording(config, tokenizer, source);
    boolean trained = wording == SuiteWording.LINES;
    Prompts prompts =
        new Prompts(tokenizer, chats, config.settings(trained ? LINE_END : List.of()));
    List<Case> cases =
        config.path().isPresent()
            ? ofFiles(config, prompts, source)
            : made(config, suite(config, trained, chats.isPresent(), source), prompts, source);
    SuiteCases all = new SuiteCases(config.name(), cases);
    Requests kept =
        OneLength.keep(
            new Requests(all.requests(), List.of()), configuration.get(ModelConfig.SECTION));
    if (!kept.problems().isEmpty()) {
      throw source.error(key(config), kept.problems().get(0));
    }
    return all;
  }

  private static String key(SuiteConfig config) {
    return config.path().isPresent() ? "suite.path" : "suite.lengths";
  }

  /** Returns what the texts are made of, not {@link SuiteWording#AUTO}. */
  private static SuiteWording wording(SuiteConfig config, Tokenizer tokenizer, Source source) {
    SuiteWording wording = config.wording();
    if (wording == SuiteWording.AUTO) {
      boolean onlyLines =
          !writes(tokenizer, LineWording.LONGEVAL.head())
              && writes(tokenizer, LineWording.TRAINED.line(Keys.own().key(0), SAMPLE));
      wording = onlyLines ? SuiteWording.LINES : SuiteWording.TEXT;
    }
    if (!keeps(tokenizer, LineWording.TRAINED.line(Keys.own().key(0), SAMPLE))) {
      throw source.error("suite.wording", "the tokenizer writes neither text nor lines");
    }
    if (wording == SuiteWording.LINES
        && (config.name() == SuiteName.NIAH || config.haystack().isPresent())) {
      throw source.error(
          config.haystack().isPresent() ? "suite.haystack" : "suite.name",
          "cannot be asked of a model that knows lines only (suite.wording): lines, or needle"
              + " among lines");
    }
    return wording;
  }

  /** Returns whether a tokenizer has tokens for all of a text. */
  private static boolean writes(Tokenizer tokenizer, String text) {
    try {
      return tokenizer.decode(tokenizer.encode(text), true).strip().equals(text.strip());
    } catch (IllegalArgumentException unknown) {
      return false;
    }
  }

  /** Returns whether an answer with the number can be read and written. */
  private static boolean keeps(Tokenizer tokenizer, String line) {
    try {
      String written = tokenizer.decode(tokenizer.encode(line), true);
      return written.contains(Integer.toString(SAMPLE));
    } catch (IllegalArgumentException unknown) {
      return false;
    }
  }

  private static Suite suite(SuiteConfig config, boolean trained, boolean chats, Source source) {
    List<OptionalInt> anywhere = List.of(OptionalInt.empty());
    List<OptionalInt> depths = config.depths().stream().map(OptionalInt::of).toList();
    boolean needle = config.name() == SuiteName.NEEDLE;
    if (config.name() == SuiteName.LINES || trained) {
      return new LinesSuite(
          Keys.own(),
          trained ? LineWording.TRAINED : LineWording.LONGEVAL,
          config.questions(),
          needle ? depths : anywhere,
          config.seed());
    }
    Haystack haystack =
        Haystack.of(config.haystack(), problem -> source.error("suite.haystack", problem));
    if (needle) {
      return new NeedleSuite(haystack, chats, depths, config.seed());
    }
    SuiteConfig.NiahCounts counts = config.counts();
    return new NiahSuite(haystack, Keys.own(), counts, config.questions(), config.seed());
  }

  private static List<Case> made(SuiteConfig config, Suite suite, Prompts prompts, Source source) {
    List<Case> cases = new ArrayList<>();
    for (int length : config.lengths()) {
      for (OptionalInt depth : suite.depths()) {
        for (int number = 1; number <= config.contexts(); number++) {
          Suite.Recipe recipe = suite.recipe(new Suite.Place(length, depth, number));
          try {
            cases.addAll(new Fit(prompts).of(length, recipe).cases(length));
          } catch (IllegalArgumentException unsuitable) {
            throw source.error("suite.lengths", length + " " + unsuitable.getMessage());
          }
        }
      }
    }
    return cases;
  }

  /** The length of a file's prompt is that of the longest with as many lines. */
  private static List<Case> ofFiles(SuiteConfig config, Prompts prompts, Source source) {
    LongEvalFiles files = new LongEvalFiles(problem -> source.error("suite.path", problem));
    List<Asked> all = new ArrayList<>();
    Map<Integer, Integer> longest = new TreeMap<>(); // by number of lines
    for (Context context : files.read(config.path().orElseThrow())) {
      try {
        Asked asked = prompts.asked(context);
        all.add(asked);
        longest.merge(context.length(), asked.most(), Math::max);
      } catch (IllegalArgumentException unsuitable) {
        throw source.error("suite.path", context.id() + ": " + unsuitable.getMessage());
      }
    }
    return all.stream()
        .flatMap(asked -> asked.cases(longest.get(asked.context().length())).stream())
        .toList();
  }

  /** Returns the requests of the cases, in their order. */
  public List<Request> requests() {
    return cases.stream().map(Case::request).toList();
  }
}
