package ringattention.command;

import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import ringattention.cli.ExitCode;
import ringattention.comm.Communicator;
import ringattention.data.DataSources;
import ringattention.data.Sample;
import ringattention.data.Samples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;
import ringattention.model.Activations;
import ringattention.model.BatchRows;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.model.ShardShape;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.report.Check;
import ringattention.report.Safetensors;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;

/**
 * {@code gradients}: logits, loss and every parameter's gradient of the first batch that {@code
 * train} would take, written for comparison with another program.
 */
public final class GradientsCommand {
  /** Whole arrays go through one rank's heap. */
  private static final long MOST_PARAMETERS = 40_000_000;

  private static final long MOST_LOGITS = 20_000_000;

  private final Job job;
  private final Configuration configuration;
  private TrainingPlan plan; // fitted once there is a device
  private final ModelSetup setup;
  private final BatchRows rows;
  private final Sample[] sequences; // of this rank's ring
  private final ModelFolders folders;
  private final Map<String, Double> notFinite = new LinkedHashMap<>(); // by tensor, on rank 0

  private GradientsCommand(Job job, TrainingPlan plan, ModelFolders folders, Sample... sequences) {
    this.job = job;
    this.configuration = plan.configuration();
    this.plan = plan;
    this.setup = plan.setup();
    this.rows = new BatchRows(setup);
    this.folders = folders;
    this.sequences = sequences;
  }

  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    TrainingPlan plan = job.agree(() -> small(configuration, job.world().size()));
    try (ModelFolders folders = SharedInput.folders(job, configuration)) {
      Sample[] sequences;
      try (Samples samples = SharedInput.samples(job, configuration)) {
        sequences = job.agree(() -> sequences(plan.setup(), samples, job.world().rank()));
      }
      return new GradientsCommand(job, plan, folders, sequences).run();
    }
  }

  private int run() {
    try (Equipment equipment = Equipment.open(job, configuration)) {
      long labels = requireLabels();
      fit(equipment.device());
      if (job.line().dryRun()) {
        announce(equipment, RunOutput.console(job));
        return ExitCode.VALID;
      }
      try (RunOutput output = RunOutput.create(job, configuration)) {
        announce(equipment, output);
        return compute(labels, equipment, output);
      }
    }
  }

  /**
   * Returns how many labels the batch has, over all rings. Collective.
   *
   * @throws InputException on every rank if it has none: then there is no loss
   */
  private long requireLabels() {
    double own = Arrays.stream(sequences).mapToLong(Sample::counted).sum();
    double all = job.world().allReduce(own, Communicator.Operation.SUM);
    if (all == 0) {
      throw configuration
          .source()
          .error(
              DataSources.pathKey(configuration),
              "gives"
                  + (DataSources.of(configuration).size() > 1 ? ", with the other sources," : "")
                  + " a first batch without a label: there is no loss");
    }
    return (long) all / setup.mesh().sharing();
  }

  private void fit(Device device) {
    plan =
        plan.fitted(device, MemoryLimits.of(job, device, configuration.get(MemoryConfig.SECTION)));
    plan.requireRoom();
  }

  private static TrainingPlan small(Configuration configuration, int ranks) {
    TrainingPlan plan = TrainingPlan.of(configuration, ranks);
    ModelSetup setup = plan.setup();
    long logits = (long) setup.sequence() * configuration.get(TrainConfig.SECTION).batch();
    logits = Math.multiplyExact(logits, setup.model().outputs());
    Source source = configuration.source();
    long parameters = setup.model().parameters();
    requireFew(source, "model.hidden", "parameters", parameters, MOST_PARAMETERS);
    requireFew(source, "train.sequence", "logits", logits, MOST_LOGITS);
    if (setup.passes() > 1) {
      throw source.error("train.microBatch", "must be 0 for gradients");
    }
    return plan;
  }

  private static void requireFew(Source source, String key, String what, long count, long most) {
    if (count > most) {
      String problem = "makes " + count + " " + what + ", gradients takes at most " + most;
      throw source.error(key, problem);
    }
  }

  /** The first step's, as {@link ringattention.train.Trainer} takes them. */
  private static Sample[] sequences(ModelSetup setup, Samples samples, int rank) {
    Sample[] taken = new Sample[setup.batch()];
    int first = setup.mesh().dataRank(rank) * setup.batch();
    for (int i = 0; i < taken.length; i++) {
      taken[i] = samples.sample(first + i);
    }
    return taken;
  }

  private void announce(Equipment equipment, RunOutput output) {
    var header = Header.of(job, equipment, setup.mesh(), Optional.of(setup.layout()));
    output.log().rows(header.lines());
    PlanReport.print(plan, equipment.device(), output.log());
    output.event("start", header.fields());
  }

  private int compute(long labels, Equipment equipment, RunOutput output) {
    Device device = equipment.device();
    try (Arena arena = plan.needs().arena(job.world().rank(), device)) {
      return job.orAbort(
          () -> {
            Replica replica = plan.replica(equipment, device, arena, job.timer());
            folders.initialize(replica.parameters(), output);
            replica.load(sequences);
            writeLogits(replica, device, output);
            double mine = replica.lossAndGradients(1.0 / labels);
            double loss = job.world().allReduce(mine, Communicator.Operation.SUM);
            writeGradients(replica, output);
            return finish(loss / labels, labels, output);
          });
    }
  }

  /** Collective. */
  private void writeLogits(Replica replica, Device device, RunOutput output) {
    Activations batch = replica.activations();
    int outputs = setup.model().outputs();
    int held = Math.toIntExact(batch.tokens().elements());
    DoubleBuffer logits = DoubleBuffer.allocate(held * outputs);
    replica.transformer().logits(block -> logits.put(device.read(block)));
    List<double[]> allLogits = job.world().gather(logits.array());
    List<double[]> tokens = job.world().gather(device.read(batch.tokens()));
    List<double[]> labels = job.world().gather(device.read(batch.labels()));
    List<double[]> positions = job.world().gather(repeated(device.read(batch.positions())));
    List<Numbers> numbers = numbers(batch);
    List<List<double[]>> values = new ArrayList<>();
    numbers.forEach(one -> values.add(job.world().gather(device.read(one.tensor()))));
    if (job.root()) {
      long sequence = setup.sequence();
      long all = configuration.get(TrainConfig.SECTION).batch();
      Safetensors file = new Safetensors();
      double[] whole = rows.join(allLogits, outputs);
      count("logits", whole);
      file.floats("logits", whole, all, sequence, outputs);
      file.integers("tokens", rows.join(tokens, 1), all, sequence);
      file.integers("labels", rows.join(labels, 1), all, sequence);
      file.integers("positions", rows.join(positions, 1), all, sequence);
      for (int i = 0; i < numbers.size(); i++) {
        int columns = numbers.get(i).columns();
        double[] joined = rows.join(values.get(i), columns);
        file.floats(numbers.get(i).name(), joined, all, sequence, columns);
      }
      output.write("logits.safetensors", file.bytes());
    }
  }

  /** Numbers of a batch that a model of trajectories begins with, or learns to give. */
  private record Numbers(String name, Tensor tensor, int columns) {}

  private List<Numbers> numbers(Activations batch) {
    return setup.model().trajectories().isEmpty()
        ? List.of()
        : List.of(
            new Numbers("features", batch.features(), setup.model().features()),
            new Numbers("targets", batch.targets(), setup.model().outputs()));
  }

  /**
   * Returns a position for each token of each sequence.
   *
   * @param positions [turns, tokens of tensor ranks]: of every sequence, or of all
   */
  private double[] repeated(double[] positions) {
    int rank = job.world().rank();
    ShardShape shape = setup.shape(rank);
    int batch = shape.batch();
    int first = setup.firstEntered(rank);
    double[] each = new double[shape.tokens() * batch];
    Arrays.setAll(
        each, i -> positions[i % batch % shape.turns() * shape.entered() + first + i / batch]);
    return each;
  }

  /** Collective. */
  private void writeGradients(Replica replica, RunOutput output) {
    Safetensors file = new Safetensors();
    List<ParameterGroup> groups =
        replica.parameters().groups().stream().map(ParameterGroup::whole).toList();
    for (int i = 0; i < groups.size(); i++) {
      ParameterGroup group = groups.get(i);
      double[] gradient = replica.parameters().gatherGradient(i);
      for (Parameter parameter : group.parameters()) {
        int from = Math.toIntExact(group.offset(parameter));
        int to = Math.toIntExact(from + parameter.elements());
        if (job.root()) {
          double[] part = Arrays.copyOfRange(gradient, from, to);
          count("gradient of " + parameter.name(), part);
          file.floats(parameter.name(), part, parameter.shape());
        }
      }
    }
    output.write("gradients.safetensors", file.bytes());
  }

  private void count(String tensor, double... values) {
    long wrong = Arrays.stream(values).filter(value -> !Double.isFinite(value)).count();
    if (wrong > 0) {
      notFinite.put(tensor, (double) wrong);
    }
  }

  private int finish(double loss, long labels, RunOutput output) {
    count("loss", loss);
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("loss_unit", setup.model().lossUnit().toString());
    more.put("labels", labels);
    more.put("parameters", setup.model().parameters());
    String result =
        String.format(
            Locale.ROOT,
            "loss %.9f over %d labels, %d ranks, in logits.safetensors and gradients.safetensors",
            loss,
            labels,
            job.world().size());
    output.log().section("Gradients");
    return new RunEnd(output).finish(List.of(finite()), result, loss, Double.NaN, more);
  }

  private Check finite() {
    return Check.atMost(
        "finite",
        notFinite.values().stream().mapToDouble(Double::doubleValue).sum(),
        0,
        "numbers of logits, loss and gradients that are not finite",
        notFinite);
  }
}
