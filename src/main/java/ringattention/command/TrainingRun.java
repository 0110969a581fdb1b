package ringattention.command;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import ringattention.checkpoint.CheckpointException;
import ringattention.checkpoint.Origin;
import ringattention.cli.ExitCode;
import ringattention.comm.Communicator;
import ringattention.data.Samples;
import ringattention.data.ValidationConfig;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.forecast.HeadsChoice;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.metrics.PhaseTimes;
import ringattention.model.HeldOutLoss;
import ringattention.model.Replica;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.run.Doing;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.RunOutput;
import ringattention.run.TimeoutConfig;
import ringattention.run.Version;
import ringattention.run.Watchdog;
import ringattention.train.Choices;
import ringattention.train.DivergedException;
import ringattention.train.Resumption;
import ringattention.train.Stop;
import ringattention.train.StopRequests;
import ringattention.train.Trainer;
import ringattention.train.TrainingCheckpoints;
import ringattention.train.TrainingChecks;
import ringattention.train.TrainingEnd;
import ringattention.train.TrainingHeader;
import ringattention.train.TrainingLoop;
import ringattention.train.Validation;

/** The training of a Transformer from text, over all ranks, into one folder. */
final class TrainingRun {
  private final Job job;
  private final Configuration configuration;
  private final TrainConfig train;
  private final Supplier<Samples> source; // null: what the input names
  private TrainingInput input; // null until it is read
  private TrainingPlan plan; // fitted once there is a device
  private Map<String, String> choices = Map.of(); // see Choices; known once there is a device
  private Map<String, Object> compared = Map.of(); // see SimpleModel; known before the first step
  private final StopRequests stops;
  private final Optional<Instant> begin;
  private TrainingLoop loop; // null until everything is there

  /**
   * What the steps leave.
   *
   * @param stopped whether the run stopped before its last step
   * @param summary what the summary says of checkpoints
   */
  private record Trained(boolean stopped, Map<String, Object> summary, List<PhaseTimes> times) {}

  /**
   * @param begin of the run; empty: of this process, whose first it is
   */
  TrainingRun(Job job, Configuration configuration, StopRequests stops, Optional<Instant> begin) {
    this(job, configuration, stops, begin, null);
  }

  /**
   * @param source opens what is learned, collective; null: as the input says
   */
  TrainingRun(
      Job job,
      Configuration configuration,
      StopRequests stops,
      Optional<Instant> begin,
      Supplier<Samples> source) {
    this.job = job;
    this.configuration = configuration;
    this.train = configuration.get(TrainConfig.SECTION);
    this.stops = stops;
    this.begin = begin;
    this.source = source;
  }

  /** The step that is running, for a message about a failure. */
  long step() {
    return loop == null ? 0 : loop.step();
  }

  /** Returns the exit code. Nothing large is read or allocated before there is a log. */
  int run() {
    plan = job.agree(() -> TrainingInput.plan(job, configuration));
    try (TrainingStart start = TrainingStart.open(job, configuration)) {
      try {
        return run(start);
      } catch (InputException e) {
        start.refused();
        throw e;
      }
    }
  }

  private int run(TrainingStart start) {
    try (TrainingInput read = start.read(source);
        Equipment equipment = start.equipment()) {
      input = read;
      HeadsChoice heads;
      try (Doing planning = start.planning()) {
        Resumption before = input.resumption();
        heads = HeadsChoice.of(job, equipment, plan, before.headRanks(), before.headGroups());
        plan = heads.plan();
        plan.requireRoom();
        choices = Choices.of(job, equipment, plan);
      }
      RunOutput output = start.announce(equipment, plan, input, choices);
      heads.why().ifPresent(output.log()::line);
      return job.line().dryRun() ? ExitCode.VALID : train(equipment, output);
    }
  }

  private int train(Equipment equipment, RunOutput output) {
    Device device = equipment.device();
    TrainingChecks checks = new TrainingChecks(job, plan);
    loop = new TrainingLoop(job, configuration, plan, input.curriculum(), device, output);
    TrainingEnd end = new TrainingEnd(job, plan, loop, output);
    Trained trained;
    try (Arena arena = plan.needs().arena(job.world().rank(), device)) {
      trained = job.orAbort(this::step, () -> train(equipment, arena, end, output));
      if (trained.stopped()) {
        return end.stopped(trained.summary());
      }
    } catch (DivergedException e) {
      end.curves();
      return TrainingEnd.invalid(output, e.getMessage(), ExitCode.DIVERGED);
    } catch (CheckpointException e) {
      return TrainingEnd.invalid(output, e.getMessage(), ExitCode.ERROR);
    }
    checks.memory(device, loop.history().trained());
    checks.loss(
        loop.history().records(), loop.history().knowsFirst() && !input.weights().areThere());
    checks.result(loop);
    checks.add(loop.growth());
    checks.attention(configuration, equipment);
    end.plots(trained.times());
    return end.finish(checks, trained.summary());
  }

  /** Everything that needs the weights. */
  private Trained train(Equipment equipment, Arena arena, TrainingEnd end, RunOutput output) {
    Device device = equipment.device();
    Replica replica = plan.replica(equipment, device, arena, job.timer());
    Trainer trainer =
        new Trainer(
            train,
            plan.setup(),
            job.world(),
            replica,
            input.samples(),
            job.timer(),
            System::nanoTime);
    trainer.stopWhen(stops);
    try (Doing loading = output.doing("setting the weights")) {
      if (!input.resumption().start(job, replica, trainer)) {
        input.weights().initialize(replica.parameters(), output);
      }
    }
    output.log().section("Training");
    TrainingHeader.data(input.samples(), input.heldOut()).forEach(output.log()::line);
    compared =
        input
            .heldOut()
            .map(out -> SimpleModel.tell(job, configuration, out, output))
            .orElse(Map.of());
    input.skippedLines().forEach(output.log()::line);
    TrainingHeader.lines(
            train, plan.setup(), input.samples(), trainer, replica.parameters().groups())
        .forEach(output.log()::line);
    input.curriculum().header().ifPresent(output.log()::line);
    output.log().line(started());
    Map<String, Object> summary = steps(trainer, replica, device, output);
    if (loop.stop() != Stop.NONE) {
      return new Trained(true, summary, List.of());
    }
    end.requireFinite(replica.parameters());
    end.warnOfUnlabelled();
    if (loop.history().hasResult() && input.curriculum().allows()) {
      input.weights().folders().export(job, replica.parameters(), output);
    }
    List<PhaseTimes> times = end.times();
    end.mfu();
    return new Trained(false, summary, times);
  }

  /** Gives what the summary says of checkpoints. */
  private Map<String, Object> steps(
      Trainer trainer, Replica replica, Device device, RunOutput output) {
    try (TrainingCheckpoints checkpoints =
            new TrainingCheckpoints(
                job,
                configuration,
                origin(),
                device,
                replica.parameters(),
                trainer,
                input.curriculum(),
                output,
                input.resumption().position());
        Watchdog watchdog =
            Watchdog.start(
                job,
                configuration.get(TimeoutConfig.SECTION).minutes(),
                job.timer()::entered,
                () -> where(replica))) {
      return job.orAbort(
          this::step,
          () -> {
            try {
              loop.run(trainer, checkpoints, validation(replica, output));
            } catch (DivergedException e) {
              checkpoints.await(); // what was saved before is good
              throw e;
            }
            if (loop.stop() == Stop.NONE) {
              checkpoints.finish(loop.step());
            } else {
              output.log().line(loop.stop().title() + ": stopping after step " + loop.step());
              checkpoints.stop(loop.step());
            }
            return checkpoints.summary();
          });
    }
  }

  private Optional<Validation> validation(Replica replica, RunOutput output) {
    int most = configuration.get(ValidationConfig.SECTION).sequences();
    return input
        .heldOut()
        .map(out -> new HeldOutLoss(plan.setup(), job.world(), replica, out, most, job.timer()))
        .map(loss -> new Validation(configuration, loss, output, compared));
  }

  private Origin origin() {
    Version version = Version.read();
    return new Origin(
        version.toString(),
        version.git(),
        train.seed(),
        configuration.source().toml(),
        input.resumption().comparison().contents().values(),
        choices);
  }

  /** Returns where this rank is, for a message that it hangs. */
  private String where(Replica replica) {
    String phase = job.timer().now().map(now -> ", phase " + now.title()).orElse("");
    String ring = replica.exchanging();
    return "step " + loop.step() + phase + (ring.isEmpty() ? "" : ", " + ring);
  }

  /** Time from the beginning of the run to the first step, of the slowest rank. Collective. */
  private String started() {
    double own =
        begin
            .or(() -> ProcessHandle.current().info().startInstant())
            .map(start -> Duration.between(start, Instant.now()).toMillis() * 1e-3)
            .orElse(Double.NaN);
    return String.format(
        Locale.ROOT,
        "started in %.1f s; %d parameters; losses are means over the labels of %d tokens a step, in %s",
        job.world().allReduce(own, Communicator.Operation.MAX),
        plan.setup().model().parameters(),
        (long) train.sequence() * train.batch(),
        plan.setup().model().lossUnit());
  }
}
