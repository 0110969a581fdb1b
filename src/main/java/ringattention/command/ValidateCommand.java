package ringattention.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import ringattention.cli.ExitCode;
import ringattention.device.HeadCounts;
import ringattention.input.Configuration;
import ringattention.report.Check;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.ParallelConfig;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;
import ringattention.validate.AttentionChecks;
import ringattention.validate.AttentionProblem;
import ringattention.validate.DecodeChecks;
import ringattention.validate.DecodeProblem;
import ringattention.validate.DocumentProbe;
import ringattention.validate.Packing;
import ringattention.validate.PerturbationProbe;
import ringattention.validate.TransformerChecks;
import ringattention.validate.TransformerProblem;
import ringattention.validate.ValidateConfig;

/** {@code validate}: the product's own proof, at any number of ranks. */
public final class ValidateCommand {
  private static final int SHORT = 31; // tokens, odd
  private final Job job;
  private final Configuration configuration;
  private final List<Check> checks = new ArrayList<>();

  private ValidateCommand(Job job, Configuration configuration) {
    this.job = job;
    this.configuration = configuration;
  }

  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    ValidateCommand command = new ValidateCommand(job, configuration);
    try (Equipment equipment = Equipment.open(job, configuration)) {
      if (job.line().dryRun()) {
        command.announce(equipment, RunOutput.console(job));
        return ExitCode.VALID;
      }
      try (RunOutput output = RunOutput.create(job, configuration)) {
        command.announce(equipment, output);
        return job.orAbort(() -> command.check(equipment, output));
      }
    }
  }

  private void announce(Equipment equipment, RunOutput output) {
    int ranks = job.world().size();
    var header = Header.of(job, equipment, Mesh.of(ranks, ranks), Optional.empty());
    output.log().rows(header.lines());
    output.event("start", header.fields());
  }

  /** Collective; the checks are complete on rank 0. */
  private int check(Equipment equipment, RunOutput output) {
    ValidateConfig config = configuration.get(ValidateConfig.SECTION);
    AttentionChecks attention =
        new AttentionChecks(equipment.world(), equipment.device(), job.timer(), room(equipment));
    for (LayoutKind layout : LayoutKind.values()) {
      for (Mask mask : Mask.values()) {
        for (int headSize : config.headSizes()) {
          for (int keyValueHeads : config.keyValueHeads()) {
            for (int length : longEnough(config.lengths())) {
              AttentionProblem problem = problem(length, keyValueHeads, headSize, mask, layout);
              for (int ranks : headRanks(job.world().size(), keyValueHeads)) {
                AttentionProblem exchanged =
                    problem.exchanged(ranks, headChunks(ranks, keyValueHeads));
                config
                    .documents()
                    .forEach(count -> documents(attention, exchanged, count, equipment));
              }
            }
          }
        }
        transformer(equipment, mask, layout);
      }
    }
    decode(equipment, config);
    for (int length : longEnough(config.growth())) {
      checks.addAll(
          attention.sampled(
              problem(
                  length,
                  config.keyValueHeads().get(0),
                  config.headSizes().get(config.headSizes().size() - 1),
                  Mask.CAUSAL,
                  LayoutKind.ZIGZAG)));
    }
    checks.addAll(
        new TransformerChecks(equipment.world(), equipment.device(), job.timer())
            .architectures(
                TransformerProblem.small(
                    SHORT, 2, Mask.CAUSAL, LayoutKind.CONTIGUOUS, config.seed())));
    String result = checks.size() + " checks, " + job.world().size() + " ranks";
    return new RunEnd(output).finishMany(checks, result);
  }

  /** Attention of new tokens over a cache, of every rank's device by itself. */
  private void decode(Equipment equipment, ValidateConfig config) {
    DecodeChecks decode = new DecodeChecks(equipment.world(), equipment.device(), config.seed());
    for (int headSize : config.headSizes()) {
      for (int keyValueHeads : config.keyValueHeads()) {
        for (DecodeProblem problem : DecodeProblem.all(config.heads(), keyValueHeads, headSize)) {
          checks.addAll(decode.checks(problem));
        }
      }
    }
  }

  /** Returns the bytes that any rank may allocate. Collective. */
  private long room(Equipment equipment) {
    return MemoryLimits.of(job, equipment.device(), configuration.get(MemoryConfig.SECTION))
        .device();
  }

  /** Sequences of fewer tokens than documents are left out. */
  private void documents(
      AttentionChecks attention, AttentionProblem problem, int count, Equipment equipment) {
    if (count == 1) {
      checks.addAll(attention.whole(problem));
    } else if (count <= problem.length()) {
      AttentionProblem packed =
          problem.packed(
              Packing.of(
                  count,
                  problem.layout(job.world().size()),
                  configuration.get(ValidateConfig.SECTION).seed()));
      checks.addAll(attention.whole(packed));
      if (attention.fits(packed)) {
        checks.addAll(
            new DocumentProbe(equipment.world(), equipment.device(), job.timer()).probe(packed));
      } else if (job.root()) {
        checks.add(Check.notChecked("probe, " + packed, "no room for the whole result"));
      }
    }
  }

  /** Loss, gradients and the perturbation probe, in every mesh of the ranks. */
  private void transformer(Equipment equipment, Mask mask, LayoutKind layout) {
    int ranks = job.world().size();
    int length = Math.max(SHORT, 2 * ranks + 1);
    long seed = configuration.get(ValidateConfig.SECTION).seed();
    TransformerChecks transformer =
        new TransformerChecks(equipment.world(), equipment.device(), job.timer());
    TransformerProblem small = TransformerProblem.small(length, ranks, mask, layout, seed);
    TransformerProblem numbers = small.ofTrajectories();
    for (int sharing = 1; sharing <= ranks; sharing++) {
      if (ranks % sharing == 0) {
        for (Mesh mesh : meshes(sharing, small)) {
          checks.addAll(transformer.ring(small, mesh));
          checks.addAll(transformer.ring(numbers, mesh));
        }
      }
    }
    PerturbationProbe probe =
        new PerturbationProbe(equipment.world(), equipment.device(), job.timer());
    TransformerProblem whole = TransformerProblem.small(length, 1, mask, layout, seed);
    checks.addAll(probe.probe(whole));
    checks.addAll(probe.probe(whole.ofTrajectories()));
    for (int count : configuration.get(ValidateConfig.SECTION).documents()) {
      if (1 < count && count <= length) {
        for (Mesh one : meshes(ranks, whole)) {
          TransformerProblem packed =
              whole.packed(Packing.of(count, whole.ring(one).layout(), seed));
          checks.addAll(transformer.ring(packed, one));
          checks.addAll(probe.probe(packed, one));
        }
      }
    }
  }

  /** Returns all meshes in which so many ranks share a sequence. */
  private List<Mesh> meshes(int sharing, TransformerProblem problem) {
    int ranks = job.world().size();
    int keyValueHeads = problem.model().heads().keyValue();
    List<Mesh> meshes = new ArrayList<>();
    for (int inside : headRanks(sharing, keyValueHeads)) {
      for (int tensor : headRanks(inside, keyValueHeads)) {
        if (problem.model().feedForward() % tensor == 0) {
          int heads = inside / tensor;
          meshes.add(
              Mesh.of(ranks, sharing / inside, heads, tensor)
                  .inChunks(headChunks(heads, keyValueHeads / tensor)));
        }
      }
    }
    return meshes;
  }

  /** Returns as many chunks as the input says, or 1 where that does not divide a rank's heads. */
  private int headChunks(int headRanks, int keyValueHeads) {
    int chunks = configuration.get(ParallelConfig.SECTION).headChunks();
    return headRanks > 1 && keyValueHeads % (headRanks * chunks) == 0 ? chunks : 1;
  }

  /** Returns how many of the ranks that share a sequence may exchange heads: 1, and others. */
  private static List<Integer> headRanks(int sharing, int keyValueHeads) {
    return IntStream.rangeClosed(1, sharing)
        .filter(ranks -> sharing % ranks == 0 && keyValueHeads % ranks == 0)
        .boxed()
        .toList();
  }

  private AttentionProblem problem(
      int length, int keyValueHeads, int headSize, Mask mask, LayoutKind layout) {
    ValidateConfig config = configuration.get(ValidateConfig.SECTION);
    return new AttentionProblem(
        length,
        config.batch(),
        new HeadCounts(config.heads(), keyValueHeads, headSize),
        mask,
        layout,
        config.seed());
  }

  /** Sequences too short for the ring are left out. */
  private List<Integer> longEnough(List<Integer> lengths) {
    return lengths.stream().filter(length -> length >= 2 * job.world().size()).toList();
  }
}
