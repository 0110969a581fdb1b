package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.MpiJob;

/** What the program says about input it cannot take: one line, exit code 2, no files. */
class RefusedInputTest {
  // 5 s after a start of up to 5 s on two quiet cores; machines that run tests are not quiet
  private static final int LIMIT_SECONDS = 15;

  private Program program;
  private String input;
  private Path output;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    input = program.file("small.toml").toString();
    output = program.file("output");
  }

  /**
   * A small.toml with one thing wrong.
   *
   * @param expected what the line must contain, with {@code |} between
   */
  @ParameterizedTest(name = "{3}, {0} ranks")
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "1, heads = 2, headz = 2, model.headz = 2|unknown",
        "1, sequence = 257, # none, train.sequence is missing|at least 2",
        "1, layers = 2, layers = \"two\", model.layers = \"two\"|whole number",
        "1, steps = 20, steps = 0, train.steps = 0|at least 1",
        "1, keyValueHeads = 1, keyValueHeads = 3, model.heads = 2|multiple of model.keyValueHeads (3)",
        "1, steps = 20, steps =, line 9",
        "1, sequence = 257, sequence = 9999, data.path = |more than train.sequence (9999)",
        "3, text.txt, absent.txt, data.path = |absent.txt|no such file or folder",
        "2, text.txt, empty.txt, data.path = |empty.txt|0 bytes",
        "4, sequence = 257, sequence = 7, train.sequence = 7|at least 8",
        "4, [data], `[parallel]\nring = 3\n[data]`, parallel.ring = 3|4",
      })
  void namesFileKeyValueAndWhatIsAllowed(int ranks, String good, String bad, String expected) {
    String text = program.input();
    assertTrue(text.contains(good), good);
    program.write("small.toml", text.replaceFirst(Pattern.quote(good), bad));
    String error = refused(ranks, "train", input, "-o", output.toString());
    assertTrue(error.startsWith("ringattention: " + input + ": "), error);
    for (String part : expected.split("\\|")) {
      assertTrue(error.contains(part), part + " is not in: " + error);
    }
  }

  /** A model of trajectories has no tokens to say, and learns from trajectories alone. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "generate INPUT --prompt x, for generate",
    "bench training INPUT, for benchmarks",
    "evaluate INPUT -D suite.name=niah, for a suite of questions",
    "plan INPUT -D generate.batch=1, for generate",
    "train TRAIN -o OUTPUT, with data.format = \"text\"",
  })
  void namesWhatAModelOfTrajectoriesCannot(String arguments, String why) {
    String model =
        """
        [model]
        input = "trajectories"
        stateSize = 3
        actionSize = 2
        episodeSteps = 10
        hidden = 32
        layers = 2
        heads = 2
        """;
    program.write(
        "train.toml", model + "[train]\nsequence = 64\nsteps = 2\n[data]\npath = \".\"\n");
    program.write("small.toml", model);
    String all =
        arguments
            .replace("INPUT", input)
            .replace("TRAIN", program.file("train.toml").toString())
            .replace("OUTPUT", output.toString());
    String error = refused(2, all.split(" "));
    String expected = "model.input = \"trajectories\": must be \"tokens\" " + why;
    assertTrue(error.contains(expected), error);
  }

  /** An evaluation needs none. */
  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "train INPUT -o OUTPUT",
        "plan INPUT",
        "plan INPUT --hardware h200",
        "gradients INPUT",
        "bench training INPUT",
        "bench context INPUT",
        "bench mfu INPUT",
        "bench memory INPUT",
        "bench scaling INPUT",
      })
  void whatUpdatesWeightsNeedsSteps(String arguments) {
    program.write("small.toml", program.input().replace("steps = 20\n", ""));
    String all = arguments.replace("INPUT", input).replace("OUTPUT", output.toString());
    assertEquals(
        "ringattention: " + input + ": train.steps is missing: must be a whole number, at least 1",
        refused(2, all.split(" ")));
  }

  @ParameterizedTest(name = "{1}, {0} ranks")
  @CsvSource({
    "1, trane INPUT, command line: unknown command trane, did you mean train?",
    "1, train INPUT --dryrun, --dryrun",
    "1, train, command line: train needs an input file",
    "1, train INPUT INPUT, one input file is expected",
    "1, train INPUT -D train.steps=0, '-D train.steps = 0: must be a whole number, at least 1'",
    "1, bench ring-exchange INPUT, bench ring-exchange needs at least 2 ranks",
    "1, train INPUT -o OUTPUT --trace=21, 'command line: --trace=21: must be last or 1 to 20'",
    "2, bench attention INPUT --trace=0, 'command line: --trace=0: must be last or 1 to '",
    "1, validate --trace, command line: --trace is for train and bench attention",
    "2, train INPUT --resume, 'command line: --resume needs the run''s folder, -o DIR'",
    "1, plan INPUT --resume -o OUTPUT, command line: --resume is for train",
    "1, validate --max-minutes 5, command line: --max-minutes is for train",
    "1, train INPUT --max-minutes 0, 'command line: --max-minutes 0: must be a number of minutes'",
    "1, train INPUT --max-minutes soon, --max-minutes soon: must be a number",
    "2, train INPUT.absent, small.toml.absent: no such file",
  })
  void namesWhatIsWrongWithTheCommandLine(int ranks, String arguments, String expected) {
    String all = arguments.replace("INPUT", input).replace("OUTPUT", output.toString());
    String error = refused(ranks, all.split(" "));
    assertTrue(error.contains(expected), error);
  }

  @ParameterizedTest(name = "{2}, {0} ranks")
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "1, llama, model.safetensors: truncated: 7 bytes",
        "2, llama, model.safetensors: truncated: 7 bytes",
        "2, mixtral, `config.json: model_type = \"mixtral\": must be \"llama\"`",
      })
  void namesWhatIsWrongWithACheckpoint(int ranks, String type, String expected) {
    program.write("model.safetensors", "7 bytes");
    program.write(
        "config.json",
        """
        {"model_type": "%s", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
         "num_key_value_heads": 1, "intermediate_size": 88, "vocab_size": 256, "rms_norm_eps": 1e-5}
        """
            .formatted(type));
    String folder = program.file("").toString();
    String error =
        refused(ranks, "train", input, "-o", output.toString(), "-D", "model.checkpoint=" + folder);
    assertTrue(error.contains(expected), error);
    assertTrue(error.contains(folder), error);
  }

  /** Of a kind each; MalformedInputTest tries hundreds. */
  @ParameterizedTest(name = "{0}, {1}")
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "model.safetensors|`\u0000\u0000\u0000\u0000\u0000\u0001\u0000\u0000{}`|model.checkpoint|a header of 1099511627776 bytes",
        "model.safetensors.index.json|{\"weight_map\": {\"a\": \"../a.safetensors\"}}|model.checkpoint|in no safetensors file",
        "tokenizer.json|{\"model\": {\"vocab\": {\"</s>\": 0}}, \"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"x\", \"type_id\": 0}}], \"pair\": [], \"special_tokens\": {}}}|data.tokenizer|not one of its special_tokens",
      })
  void namesWhatIsWrongWithAFile(String name, String text, String key, String expected) {
    program.write(
        "config.json",
        """
        {"model_type": "llama", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
         "num_key_value_heads": 1, "intermediate_size": 88, "vocab_size": 256, "rms_norm_eps": 1e-5}
        """);
    program.write(name, text);
    String folder = program.file("").toString();
    String error = refused(2, "train", input, "-o", output.toString(), "-D", key + "=" + folder);
    assertTrue(error.contains(name) && error.contains(expected), error);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"train INPUT", "bench ring-exchange INPUT"})
  void namesAnOutputFolderThatCannotBeWritten(String arguments) {
    Path below = program.file("text.txt").resolve("output");
    String all = arguments.replace("INPUT", input) + " -o " + below;
    String error = refused(2, all.split(" "));
    assertTrue(error.contains("output folder " + below + " cannot be written: "), error);
    assertTrue(Files.isRegularFile(program.file("text.txt")));
  }

  /** The one line the program says. */
  private String refused(int ranks, String... arguments) {
    MpiJob.Result job =
        ranks == 1 ? program.inProcessAlone(arguments) : program.inProcess(ranks, arguments);
    Run run = new Run(job, output);
    assertEquals(2, job.exitCode(), job.output());
    assertEquals(1, run.errors().size(), job.output());
    assertFalse(job.output().contains("\tat "), job.output());
    assertFalse(job.output().contains("Exception"), job.output());
    assertTrue(job.time().toSeconds() < LIMIT_SECONDS, "took " + job.time());
    assertFalse(Files.exists(output), "left " + output);
    return run.errors().get(0);
  }
}
