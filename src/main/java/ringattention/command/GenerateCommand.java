package ringattention.command;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ringattention.cli.ExitCode;
import ringattention.comm.Communicator;
import ringattention.infer.CacheNeed;
import ringattention.infer.GenerateConfig;
import ringattention.infer.GenerationListener;
import ringattention.infer.GenerationOutcome;
import ringattention.infer.GenerationsFile;
import ringattention.infer.JobGeneration;
import ringattention.infer.OneLength;
import ringattention.infer.Request;
import ringattention.infer.TerminalText;
import ringattention.input.Configuration;
import ringattention.input.UsedInputs;
import ringattention.model.ModelConfig;
import ringattention.plan.PeakMemory;
import ringattention.plan.RunRules;
import ringattention.report.Check;
import ringattention.report.RunLog;
import ringattention.report.RunVerdict;
import ringattention.run.Equipment;
import ringattention.run.Interrupts;
import ringattention.run.Job;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;
import ringattention.run.SharedParts;

/** {@code generate}: text behind prompts, by a model over all ranks. */
public final class GenerateCommand {
  private final Job job;
  private final Configuration configuration;
  private final GenerateConfig config;
  private final GenerationInput input;

  private GenerateCommand(Job job, Configuration configuration, GenerationInput input) {
    this.job = job;
    this.configuration = configuration;
    this.config = configuration.get(GenerateConfig.SECTION);
    this.input = input;
  }

  /** Returns the exit code. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    RunRules.requireTokens(configuration, "generate");
    try (StoredWeights weights = StoredWeights.open(job, configuration, "generate with");
        GenerationInput input = GenerationInput.read(job, configuration, System.in)) {
      ModelConfig model =
          OneLength.model(configuration.get(ModelConfig.SECTION), input.requests().requests());
      GenerateCommand command =
          new GenerateCommand(job, configuration.with(ModelConfig.SECTION, model), input);
      try (Equipment equipment = Equipment.open(job, configuration)) {
        return command.run(equipment, weights);
      }
    }
  }

  private int run(Equipment equipment, StoredWeights weights) {
    List<Request> requests = input.requests().requests();
    Answering answering =
        Answering.of(job, configuration, equipment, CacheNeed.of(requests, config.batch()));
    try (GenerationFolder folder =
        GenerationFolder.open(job, configuration, requests, contents(weights))) {
      RunOutput output = folder.output();
      answering.announce(output, "requests", requests.size());
      if (job.line().dryRun()) {
        return ExitCode.VALID;
      }
      Interrupts interrupts = new Interrupts();
      return answering.run(
          weights,
          output,
          input.words(),
          generation -> {
            long start = System.nanoTime();
            GenerationOutcome outcome = generate(generation, folder, interrupts);
            double own = (System.nanoTime() - start) * 1e-9;
            double seconds = job.world().allReduce(own, Communicator.Operation.MAX);
            return finish(outcome, seconds, answering.peak(), output);
          });
    }
  }

  /** Returns what decides about answers. */
  private SharedParts contents(StoredWeights weights) {
    Map<String, String> settings = new LinkedHashMap<>();
    UsedInputs.of(configuration.source().toml())
        .section(ModelConfig.SECTION.name())
        .forEach((key, value) -> settings.put("model." + key, value.toString()));
    settings.remove("model.checkpoint"); // weights are compared by their contents
    settings.put("end tokens", config.ignoreEnd() ? "ignored" : input.ends().toString());
    settings.put("generate.logProbabilities", Boolean.toString(config.logProbabilities()));
    return input
        .contents()
        .and(SharedInput.digest("weights", weights.digest()))
        .and(SharedParts.of("settings", settings));
  }

  private GenerationOutcome generate(
      JobGeneration generation, GenerationFolder folder, Interrupts interrupts) {
    RunLog log = folder.output().log();
    log.section("Generation");
    input.requests().problems().forEach(problem -> log.line("passed over: " + problem));
    if (!folder.done().isEmpty()) {
      log.line(folder.done().size() + " answers are there already");
    }
    GenerationOutcome outcome =
        generation.run(
            input.requests().requests(),
            folder.done(),
            listener(folder.output()),
            interrupts::isHeard);
    outcome.refused().forEach(why -> log.line("refused: " + why));
    return outcome;
  }

  private GenerationListener listener(RunOutput output) {
    if (!job.root()) {
      return GenerationListener.NONE;
    }
    GenerationsFile file = new GenerationsFile(output.lines(GenerationsFile.NAME));
    boolean one =
        input.requests().requests().size() == 1
            && input.requests().requests().get(0).settings().samples() == 1;
    return one ? file.and(new TerminalText(job.console())) : file;
  }

  private int finish(GenerationOutcome outcome, double seconds, PeakMemory peak, RunOutput output) {
    int unanswered = input.requests().problems().size() + outcome.refused().size();
    Check memory = peak.check("memory");
    List<Check> checks =
        List.of(
            memory,
            Check.atMost(
                "no request refused",
                unanswered,
                0,
                "requests that are broken, or do not fit",
                Map.of("requests", (double) input.requests().requests().size())));
    String result =
        String.format(
            Locale.ROOT,
            "%d answers, %d tokens read and %d generated in %.1f s, %d ranks",
            outcome.finished(),
            outcome.promptTokens(),
            outcome.newTokens(),
            seconds,
            job.world().size());
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("answers", outcome.finished());
    values.put("interrupted", outcome.interrupted());
    values.put("not_begun", outcome.notBegun());
    values.put("unanswered_requests", unanswered);
    values.put("prompt_tokens", outcome.promptTokens());
    values.put("new_tokens", outcome.newTokens());
    values.put("generation_s", seconds);
    values.put("planned_peak_bytes", peak.worst().planned());
    values.put("measured_peak_bytes", peak.worst().measured());
    output.event("generation", values);
    new RunEnd(output).checks(checks);
    boolean stopped = outcome.interrupted() + outcome.notBegun() > 0;
    RunVerdict verdict = RunVerdict.of(checks, result);
    int exitCode = unanswered > 0 ? ExitCode.BAD_INPUT : ExitCode.VALID;
    if (memory.verdict() == Check.Verdict.FAILED) {
      exitCode = ExitCode.CHECK_FAILED;
    } else if (stopped) {
      verdict = RunVerdict.stopped(result + "; --resume makes the other answers");
      exitCode = ExitCode.STOPPED;
    }
    new RunEnd(output)
        .end(verdict, exitCode, Double.NaN, outcome.newTokens() / seconds, checks, values);
    return exitCode;
  }
}
