package ringattention.train;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.checkpoint.CheckpointWriter;
import ringattention.checkpoint.Origin;
import ringattention.checkpoint.TrainingPosition;
import ringattention.checkpoint.WrittenCheckpoint;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.metrics.Phase;
import ringattention.parallel.ShardedParameters;
import ringattention.plan.TrainConfig;
import ringattention.report.Units;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/** When a training run saves, and what it says about it. All methods but close are collective. */
public final class TrainingCheckpoints implements AutoCloseable {
  private final Job job;
  private final CheckpointConfig config;
  private final TrainConfig train;
  private final RunOutput output;
  private final Trainer trainer;
  private final Curriculum curriculum;
  private final TrainingPosition start;
  private final Supplier<CheckpointWriter> made;
  private Optional<CheckpointWriter> writer; // empty while there is nothing to write
  private long saved; // step
  private int count; // complete on rank 0
  private double stall; // seconds, of all of them
  private long newest; // step

  /**
   * Allocates the host copy, if the run is to write any.
   *
   * @param trainer asked how far it is, as is the curriculum
   * @param start where it began
   */
  public TrainingCheckpoints(
      Job job,
      Configuration configuration,
      Origin origin,
      Device device,
      ShardedParameters parameters,
      Trainer trainer,
      Curriculum curriculum,
      RunOutput output,
      TrainingPosition start) {
    this.job = job;
    this.config = configuration.get(CheckpointConfig.SECTION);
    this.train = configuration.get(TrainConfig.SECTION);
    this.trainer = trainer;
    this.curriculum = curriculum;
    this.output = output;
    this.start = start;
    this.saved = start.step();
    this.made = () -> writer(origin, device, parameters);
    this.writer = config.writes() ? Optional.of(made.get()) : Optional.empty();
  }

  private CheckpointWriter writer(Origin origin, Device device, ShardedParameters parameters) {
    String folder = output.path().map(Path::toAbsolutePath).map(Path::toString).orElse("");
    String id = Long.toString(ProcessHandle.current().pid());
    byte[] root = job.world().broadcast((id + " " + folder).getBytes(UTF_8));
    String[] told = new String(root, UTF_8).split(" ", 2);
    return new CheckpointWriter(
        job.world(),
        device,
        parameters,
        Path.of(told[1]),
        told[0],
        config.keep(),
        origin,
        System::nanoTime,
        this::written);
  }

  /** To be called after every step. */
  void afterStep(long step) {
    writer.ifPresent(CheckpointWriter::poll);
    if (config.every() > 0 && step % config.every() == 0) {
      save(step);
    }
  }

  /** Saves the parameters as this step left them, unless that has been done. */
  void save(long step) {
    if (writer.isPresent() && step != saved) {
      saved = step;
      try (var scope = job.timer().in(Phase.CHECKPOINT)) {
        writer.get().save(position(step));
      }
    }
  }

  /** Saves the last step if asked to, and waits until nothing is on its way. */
  public void finish(long step) {
    if (config.atEnd()) {
      save(step);
    }
    await();
  }

  /** Saves this step, whatever the input asks for, and waits until nothing is on its way. */
  public void stop(long step) {
    if (writer.isEmpty()) {
      writer = Optional.of(made.get());
    }
    save(step);
    await();
  }

  /** Waits until nothing is on its way. */
  public void await() {
    if (writer.isPresent()) {
      try (var scope = job.timer().in(Phase.CHECKPOINT)) {
        writer.get().await();
      }
    }
  }

  private TrainingPosition position(long step) {
    return new TrainingPosition(
        step,
        trainer.seenAfter(step).tokens(),
        step * train.batch(),
        trainer.updates(),
        trainer.skippedInARow(),
        curriculum.position());
  }

  private void written(WrittenCheckpoint checkpoint) {
    count++;
    stall += checkpoint.stallSeconds();
    newest = checkpoint.step();
    output
        .log()
        .line(
            String.format(
                Locale.ROOT,
                "checkpoint of step %d: %s, stalled %s, written in %s",
                checkpoint.step(),
                Units.bytes(checkpoint.bytes()),
                Units.time(checkpoint.stallSeconds()),
                Units.time(checkpoint.writeSeconds())));
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("step", checkpoint.step());
    event.put("path", checkpoint.folder().toString());
    event.put("size_bytes", checkpoint.bytes());
    event.put("stall_s", checkpoint.stallSeconds());
    event.put("write_s", checkpoint.writeSeconds());
    output.event("checkpoint", event);
  }

  /** Keys of the run's summary; complete on rank 0. */
  public Map<String, Object> summary() {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("resumed_step", start.step());
    summary.put("checkpoints", count);
    if (count > 0) {
      summary.put("checkpoint_step", newest);
      summary.put("checkpoint_stall_s", stall);
    }
    return summary;
  }

  @Override
  public void close() {
    writer.ifPresent(CheckpointWriter::close);
  }
}
