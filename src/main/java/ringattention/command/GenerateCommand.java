package ringattention.command;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import ringattention.cli.ExitCode;
import ringattention.comm.Communicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.infer.GenerateConfig;
import ringattention.infer.Generation;
import ringattention.infer.GenerationListener;
import ringattention.infer.GenerationOutcome;
import ringattention.infer.GenerationsFile;
import ringattention.infer.InferencePlan;
import ringattention.infer.RingEngine;
import ringattention.infer.SampleKey;
import ringattention.infer.TerminalText;
import ringattention.input.Configuration;
import ringattention.plan.PeakMemory;
import ringattention.report.Check;
import ringattention.report.RunLock;
import ringattention.report.RunVerdict;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Interrupts;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;
import ringattention.shard.Decomposition;

/** {@code generate}: text behind prompts, by a model over all ranks. */
public final class GenerateCommand {
  private final Job job;
  private final Configuration configuration;
  private final GenerateConfig config;
  private final GenerationInput input;
  private final Set<Integer> ends;

  private GenerateCommand(Job job, Configuration configuration, GenerationInput input) {
    this.job = job;
    this.configuration = configuration;
    this.config = configuration.get(GenerateConfig.SECTION);
    this.input = input;
    this.ends = job.agree(() -> config.ends(input.tokenizer(), configuration.source()));
  }

  /** Returns the exit code. Collective. */
  public static int run(Job job) {
    Interrupts interrupts = new Interrupts();
    Configuration configuration = SharedInput.configuration(job);
    try (GenerationInput input = GenerationInput.read(job, configuration, System.in);
        StoredWeights weights = StoredWeights.open(job, configuration, "generate with")) {
      GenerateCommand command = new GenerateCommand(job, configuration, input);
      try (Equipment equipment = Equipment.open(job, configuration)) {
        return command.run(equipment, weights, interrupts);
      }
    }
  }

  private int run(Equipment equipment, StoredWeights weights, Interrupts interrupts) {
    Device device = equipment.device();
    MemoryLimits limits = MemoryLimits.of(job, device, configuration.get(MemoryConfig.SECTION));
    InferencePlan plan =
        job.agree(
            () ->
                InferencePlan.of(
                    configuration,
                    job.world().size(),
                    config.batch(),
                    InferencePlan.Need.of(input.requests().requests(), config.batch()),
                    device,
                    limits));
    Optional<RunLock> lock = job.agree(this::lock);
    try (RunOutput output = output(lock)) {
      announce(equipment, plan, output);
      if (job.line().dryRun()) {
        return ExitCode.VALID;
      }
      try (Arena arena = plan.arena(job.world().rank(), device);
          Equipment ring = plan.ring(job, equipment);
          RingEngine engine = plan.engine(ring, device, arena, job.timer())) {
        weights.read(engine.weights(), output);
        return generate(engine, plan, device, output, interrupts);
      }
    }
  }

  /** Locks the folder of a run to go on with, on rank 0. */
  private Optional<RunLock> lock() {
    return job.line()
        .output()
        .filter(folder -> job.line().resume() && !job.line().dryRun())
        .filter(folder -> job.root() && Files.isDirectory(folder))
        .map(RunLock::take);
  }

  private RunOutput output(Optional<RunLock> lock) {
    boolean resumes =
        job.world().allReduce(lock.isPresent() ? 1 : 0, Communicator.Operation.MAX) > 0;
    return resumes
        ? RunOutput.resume(job, configuration, lock.orElse(null), Long.MAX_VALUE)
        : RunOutput.of(job, configuration);
  }

  private void announce(Equipment equipment, InferencePlan plan, RunOutput output) {
    int ranks = job.world().size();
    var header = Header.of(job, equipment, new Decomposition(ranks, ranks), Optional.empty());
    output.log().rows(header.lines());
    plan.print(equipment.device(), output.log());
    Map<String, Object> start = new LinkedHashMap<>(header.fields());
    start.put("parameters", plan.shape().model().parameters());
    start.put("requests", input.requests().requests().size());
    output.event("start", start);
  }

  private int generate(
      RingEngine engine,
      InferencePlan plan,
      Device device,
      RunOutput output,
      Interrupts interrupts) {
    output.log().section("Generation");
    input.requests().problems().forEach(problem -> output.log().line("passed over: " + problem));
    Set<SampleKey> done = done(output);
    if (!done.isEmpty()) {
      output.log().line(done.size() + " answers are there already");
    }
    final long start = System.nanoTime();
    GenerationOutcome outcome =
        new Generation(engine, input.tokenizer(), config, ends)
            .run(
                input.requests().requests(),
                done,
                listener(output),
                () -> interrupts.heardBy(job.world()));
    double own = (System.nanoTime() - start) * 1e-9;
    double seconds = job.world().allReduce(own, Communicator.Operation.MAX);
    outcome.refused().forEach(why -> output.log().line("refused: " + why));
    return finish(
        outcome,
        seconds,
        PeakMemory.of(job, plan.memory(job.world().rank(), device), device),
        output);
  }

  /** Returns the answers that an earlier part of the run has left; the file keeps only them. */
  private Set<SampleKey> done(RunOutput output) {
    var file = output.shared(GenerationsFile.NAME);
    Set<SampleKey> done = job.agree(() -> GenerationsFile.done(file));
    job.agree(
        () -> {
          if (job.root()) {
            GenerationsFile.rewind(file);
          }
          return done;
        });
    return done;
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
    List<Check> checks = new ArrayList<>();
    checks.add(peak.check("memory"));
    int unanswered = input.requests().problems().size() + outcome.refused().size();
    checks.add(
        Check.atMost(
            "every request answered",
            unanswered,
            0,
            "requests that are broken, or do not fit",
            Map.of("requests", (double) input.requests().requests().size())));
    double rate = outcome.newTokens() / seconds;
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
    output.log().section("Checks");
    output.log().rows(Check.lines(checks));
    boolean stopped = outcome.interrupted() + outcome.notBegun() > 0;
    RunVerdict judged = RunVerdict.of(checks, result);
    RunVerdict verdict =
        stopped && judged.valid()
            ? RunVerdict.stopped(result + "; --resume makes the other answers")
            : judged;
    output.end(verdict, exitCode(judged, stopped, unanswered), Double.NaN, rate, checks, values);
    return exitCode(judged, stopped, unanswered);
  }

  private static int exitCode(RunVerdict judged, boolean stopped, int unanswered) {
    if (unanswered > 0) {
      return ExitCode.BAD_INPUT;
    }
    if (!judged.valid()) {
      return ExitCode.CHECK_FAILED;
    }
    return stopped ? ExitCode.STOPPED : ExitCode.VALID;
  }
}
