package ringattention.bench.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.training.ContextTable.Proof;
import ringattention.comm.Communicator;
import ringattention.data.DataConfig;
import ringattention.data.Samples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.Architecture;
import ringattention.model.ModelBuffers;
import ringattention.model.ModelConfig;
import ringattention.plan.PaperContext;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.report.Check;
import ringattention.report.Units;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;

/**
 * {@code bench context}: the longest sequence that trains, per model and architecture (table 3 of
 * the paper): planned for all, then proved row by row, on devices that hold no more than the cap.
 */
public final class ContextBench implements Benchmark {
  /**
   * The share of ranks x blockwise that the ring may lose to its slots and gradients on their way.
   */
  private static final double LARGEST_LOSS = 0.05;

  private final Configuration configuration;
  private final BenchContextConfig bench;
  private final List<Configuration> models = new ArrayList<>();
  private final List<List<ContextProposal>> proposals = new ArrayList<>(); // by model
  private final ContextTable table = new ContextTable();
  private final boolean capped;
  private final boolean proves;
  private long memoryCap; // bytes that a rank's device holds at most

  /**
   * Checks all that does not depend on the device, the shortest sequences among it.
   *
   * @param capped whether the command line says what a device holds at most
   * @param dryRun whether nothing is to be trained
   */
  public ContextBench(Configuration configuration, int ranks, boolean capped, boolean dryRun) {
    this.configuration = configuration;
    this.bench = configuration.get(BenchContextConfig.SECTION);
    this.capped = capped || configuration.get(MemoryConfig.SECTION).deviceGiB() > 0;
    this.proves = bench.prove() && !dryRun;
    for (int i = 0; i < bench.models().size(); i++) {
      int own = bench.models().get(i).layers();
      int layers = bench.layers().isEmpty() ? own : bench.layers().get(i);
      models.add(
          configuration.with(ModelConfig.SECTION, ModelConfig.of(bench.models().get(i), layers)));
    }
    if (models.isEmpty()) {
      models.add(configuration);
    }
    for (Configuration model : models) {
      for (Architecture architecture : bench.architectures()) {
        TrainingPlan.of(Variants.of(model, architecture, bench.multiple(), 1, ranks), ranks);
      }
    }
    if (bench.prove()) {
      configuration.get(DataConfig.SECTION);
    }
  }

  @Override
  public void fit(Job job, Equipment equipment) {
    Device device = equipment.device();
    MemoryLimits limits = MemoryLimits.of(job, device, configuration.get(MemoryConfig.SECTION));
    if (!capped && device.inHostMemory()) {
      throw new InputException(
          "command line: bench context needs --memory-cap on a device without memory of its own");
    }
    memoryCap = limits.device();
    for (Configuration model : models) {
      proposals.add(
          bench.architectures().stream()
              .map(each -> ContextProposal.of(model, each, job.world().size(), device, limits))
              .toList());
    }
  }

  /** Returns what will be trained. */
  @Override
  public List<TrainingRow> rows() {
    return proves
        ? proposals.stream().flatMap(List::stream).map(ContextProposal::row).toList()
        : List.of();
  }

  @Override
  public void plan(BenchRun run) {
    run.say(
        "tokens of one sequence that train with "
            + Units.bytes(memoryCap)
            + " a rank, multiples of "
            + bench.multiple()
            + " a rank; "
            + (proves ? "planned, then trained" : "planned only, nothing is trained"));
    run.header(table.table(), "context.csv");
    for (List<ContextProposal> model : proposals) {
      for (ContextProposal proposal : model) {
        run.say(proposal.name() + ": " + proposal.plan().memory().why());
        Proof proof = proves ? prove(run, proposal) : planned(run, proposal);
        run.row(
            table.table(),
            "context.csv",
            proposal.row(proof, run.device(), memoryCap, blockwise(model)));
      }
      ratio(run, model);
      PaperContext.of(model.get(0).plan().setup().model().name())
          .forEach(paper -> run.say("the paper, " + paper.line()));
    }
  }

  @Override
  public int measure(BenchRun run) {
    plan(run);
    run.output().plot("context", table::plot);
    List<Map<String, Object>> records = table.table().records();
    String result = records.size() + " rows, " + run.ranks() + " ranks";
    return run.finish(result, Map.of("context", records));
  }

  private static Proof planned(BenchRun run, ContextProposal proposal) {
    run.checks().add(Check.notChecked("trains, " + proposal.name(), "planned only"));
    return Proof.NONE;
  }

  /** Takes steps of the proposed length, and tries to allocate what is a little longer. */
  private Proof prove(BenchRun run, ContextProposal proposal) {
    int refusing = proposal.tokens() == 0 ? run.ranks() : refusing(run, proposal.plan());
    Proof proof = refusing == 0 ? train(run, proposal.row()) : Proof.NONE;
    run.checks()
        .add(
            Check.atMost(
                "trains, " + proposal.name(),
                proof.trained() ? 0 : 1,
                0,
                "1 if no step of the planned length was taken",
                Map.of("ranks without room", (double) refusing)));
    int longer = proposal.longer().setup().sequence();
    int refusingMore = refusing(run, proposal.longer());
    run.checks()
        .add(
            Check.atMost(
                "no longer, " + proposal.name(),
                refusingMore == 0 ? 1 : 0,
                0,
                "1 if benchContext.beyond multiples more a rank have room, too",
                Map.of("tokens", (double) longer)));
    run.say(longer + " tokens: " + refusingMore + " of " + run.ranks() + " ranks have no room");
    return proof;
  }

  private Proof train(BenchRun run, TrainingRow row) {
    Equipment equipment = run.equipment();
    try (Samples samples = run.corpus().open(run.job(), row.plan().configuration())) {
      var measurement = new TrainingMeasurement(run.job(), equipment, row.plan(), samples);
      return row.checked(
              run, () -> measurement.steps(() -> equipment.another(memoryCap), 0, bench.steps()))
          .map(
              steps ->
                  new Proof(
                      true,
                      steps.memory().largest().peak(),
                      steps.seconds()[bench.steps() - 1],
                      steps.loss()))
          .orElse(Proof.NONE);
    }
  }

  /** Ranks on which a step's buffers cannot be allocated within the cap. */
  private int refusing(BenchRun run, TrainingPlan plan) {
    int rank = run.job().world().rank();
    int full = 0;
    try (Device device = run.equipment().another(memoryCap);
        Arena arena = plan.needs().arena(rank, device)) {
      ModelBuffers.allocate(arena, plan.setup(), rank, device.compute(), device.sum());
      long later = plan.needs().of(rank, device).bytes() - device.allocatedBytes();
      device.allocate(Math.max(0, later)).close(); // workspaces that grow with use
    } catch (OutOfMemoryError noRoom) {
      full = 1;
    }
    return (int) run.job().world().allReduce(full, Communicator.Operation.SUM);
  }

  private static Optional<ContextProposal> of(
      List<ContextProposal> model, Architecture architecture) {
    return model.stream().filter(one -> one.architecture() == architecture).findFirst();
  }

  private static OptionalInt blockwise(List<ContextProposal> model) {
    return of(model, Architecture.BLOCKWISE).stream().mapToInt(ContextProposal::tokens).findFirst();
  }

  /** What is planned is checked: that it trains is a check of its own. */
  private static void ratio(BenchRun run, List<ContextProposal> model) {
    Optional<ContextProposal> ring = of(model, Architecture.RING);
    OptionalInt blockwise = blockwise(model);
    if (ring.isEmpty() || blockwise.isEmpty()) {
      return;
    }
    double tokens = ring.get().tokens() * (double) run.ranks();
    double ratio = tokens / blockwise.getAsInt();
    run.checks()
        .add(
            Check.atMost(
                "ratio, " + ring.get().plan().setup().model().name(),
                1 - ratio / run.ranks(),
                LARGEST_LOSS,
                "1 - ring / (ranks x blockwise), longest sequences",
                Map.of("ring / blockwise", ratio, "ranks", (double) run.ranks())));
  }
}
