package ringattention.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import ringattention.bench.Benchmark;
import ringattention.bench.training.BenchContextConfig;
import ringattention.bench.training.ContextProof;
import ringattention.bench.training.ContextProposal;
import ringattention.bench.training.ContextTable;
import ringattention.cli.ExitCode;
import ringattention.data.DataConfig;
import ringattention.data.Samples;
import ringattention.device.Device;
import ringattention.forecast.PaperContext;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.Architecture;
import ringattention.model.ModelConfig;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.report.Check;
import ringattention.report.Units;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;
import ringattention.shard.Decomposition;

/**
 * {@code bench context}: the longest sequence that trains, per model and architecture (table 3 of
 * the paper): planned for all, then proved row by row.
 */
public final class BenchContextCommand {
  /** Of ranks x blockwise, for what the ring holds more: slots, and gradients on their way. */
  private static final double LARGEST_LOSS = 0.05;

  private final Job job;
  private final Configuration configuration;
  private final BenchContextConfig bench;
  private final Equipment equipment;
  private final MemoryLimits limits;
  private final ContextTable table = new ContextTable();
  private final List<Check> checks = new ArrayList<>();

  private BenchContextCommand(
      Job job, Configuration configuration, Equipment equipment, MemoryLimits limits) {
    this.job = job;
    this.configuration = configuration;
    this.bench = configuration.get(BenchContextConfig.SECTION);
    this.equipment = equipment;
    this.limits = limits;
  }

  /** Plans every row before anything is written. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    job.agree(
        () -> {
          check(configuration, job.world().size());
          return configuration;
        });
    try (Equipment equipment = Equipment.open(job, configuration)) {
      MemoryLimits limits =
          MemoryLimits.of(job, equipment.device(), configuration.get(MemoryConfig.SECTION));
      if (configuration.get(MemoryConfig.SECTION).deviceGiB() == 0
          && job.line().memoryCap().isEmpty()
          && equipment.device().inHostMemory()) {
        throw new InputException(
            "command line: bench context needs --memory-cap on a device without memory of its own");
      }
      BenchContextCommand command = new BenchContextCommand(job, configuration, equipment, limits);
      List<List<ContextProposal>> models = command.proposals();
      command.requireText(models);
      try (RunOutput output = RunOutput.of(job, configuration)) {
        return command.run(models, output);
      }
    }
  }

  /** Checks all that does not depend on the device, the shortest sequences among it. */
  private static void check(Configuration read, int ranks) {
    BenchContextConfig bench = read.get(BenchContextConfig.SECTION);
    for (ModelConfig model : models(read)) {
      for (Architecture architecture : bench.architectures()) {
        TrainingPlan.of(
            Variants.of(
                read.with(ModelConfig.SECTION, model), architecture, bench.multiple(), 1, ranks),
            ranks);
      }
    }
    if (bench.prove()) {
      read.get(DataConfig.SECTION);
    }
  }

  private static List<ModelConfig> models(Configuration configuration) {
    BenchContextConfig bench = configuration.get(BenchContextConfig.SECTION);
    List<ModelConfig> models = new ArrayList<>();
    for (int i = 0; i < bench.models().size(); i++) {
      int own = bench.models().get(i).layers();
      int layers = bench.layers().isEmpty() ? own : bench.layers().get(i);
      models.add(ModelConfig.of(bench.models().get(i), layers));
    }
    return models.isEmpty() ? List.of(configuration.get(ModelConfig.SECTION)) : models;
  }

  private List<List<ContextProposal>> proposals() {
    Device device = equipment.device();
    List<List<ContextProposal>> all = new ArrayList<>();
    for (ModelConfig model : models(configuration)) {
      Configuration one = configuration.with(ModelConfig.SECTION, model);
      all.add(
          bench.architectures().stream()
              .map(each -> ContextProposal.of(one, each, job.world().size(), device, limits))
              .toList());
    }
    return all;
  }

  /**
   * @throws InputException on every rank if the text is too short for what is to be trained
   */
  private void requireText(List<List<ContextProposal>> models) {
    if (bench.prove() && !job.line().dryRun()) {
      models.stream()
          .flatMap(List::stream)
          .max((one, other) -> Integer.compare(one.sequence(), other.sequence()))
          .ifPresent(longest -> samples(longest).close());
    }
  }

  private Samples samples(ContextProposal proposal) {
    return SharedInput.samples(job, proposal.plan().configuration());
  }

  private int run(List<List<ContextProposal>> models, RunOutput output) {
    int ranks = job.world().size();
    Benchmark.announce(job, equipment, new Decomposition(ranks, ranks), output);
    output.log().line(remark());
    table.header().forEach(output.log()::row);
    for (List<ContextProposal> model : models) {
      for (ContextProposal proposal : model) {
        output.log().line(proposal.name() + ": " + proposal.plan().memory().why());
        row(proposal, blockwise(model), output);
      }
      ratio(model);
      PaperContext.of(model.get(0).plan().setup().model().name())
          .forEach(paper -> output.log().line("the paper, " + paper.line()));
    }
    if (job.line().dryRun()) {
      return ExitCode.VALID;
    }
    output.plot("context", table::plot);
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("context", table.records());
    String result = table.records().size() + " rows, " + ranks + " ranks";
    return output.finish(checks, result, Double.NaN, Double.NaN, more);
  }

  private String remark() {
    return "tokens of one sequence that train with "
        + Units.bytes(limits.device())
        + " a rank, multiples of "
        + bench.multiple()
        + " a rank; "
        + (proves() ? "planned, then trained" : "planned only, nothing is trained");
  }

  private boolean proves() {
    return bench.prove() && !job.line().dryRun();
  }

  private void row(ContextProposal proposal, OptionalInt blockwise, RunOutput output) {
    ContextTable.Proof proof = ContextTable.Proof.NONE;
    if (proves()) {
      try (Samples samples = samples(proposal)) {
        ContextProof tried = new ContextProof(job, equipment, limits.device());
        proof = tried.of(proposal, samples, output.log(), checks);
      }
    } else {
      checks.add(Check.notChecked("trains, " + proposal.name(), "planned only"));
    }
    String line = table.row(proposal.row(proof, equipment.device(), limits.device(), blockwise));
    output.log().row(line);
    output.write("context.csv", table.csv());
  }

  private static Optional<ContextProposal> of(
      List<ContextProposal> model, Architecture architecture) {
    return model.stream().filter(one -> one.architecture() == architecture).findFirst();
  }

  private static OptionalInt blockwise(List<ContextProposal> model) {
    return of(model, Architecture.BLOCKWISE).stream().mapToInt(ContextProposal::tokens).findFirst();
  }

  /** What is planned is checked: that it trains is a check of its own. */
  private void ratio(List<ContextProposal> model) {
    Optional<ContextProposal> ring = of(model, Architecture.RING);
    OptionalInt blockwise = blockwise(model);
    if (ring.isEmpty() || blockwise.isEmpty()) {
      return;
    }
    double tokens = ring.get().tokens() * (double) job.world().size();
    double ratio = tokens / blockwise.getAsInt();
    checks.add(
        Check.atMost(
            "ratio, " + ring.get().plan().setup().model().name(),
            1 - ratio / job.world().size(),
            LARGEST_LOSS,
            "1 - ring / (ranks x blockwise), longest sequences",
            Map.of("ring / blockwise", ratio, "ranks", (double) job.world().size())));
  }
}
