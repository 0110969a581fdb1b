package ringattention.command;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringattention.input.Configuration;
import ringattention.run.Job;
import ringattention.train.StopRequests;

/** {@code train}: a Transformer from text, over all ranks; in one run, or in stages. */
public final class TrainCommand {
  private final Job job;
  private TrainingRun running; // null before the first

  public TrainCommand(Job job) {
    this.job = job;
  }

  /** Returns the exit code. Collective. */
  public int run() {
    StopRequests stops =
        new StopRequests(
            job.line().maxMinutes(),
            text -> {
              if (job.root()) {
                job.console().println(text);
              }
            });
    List<Configuration> stages = SharedInput.stages(job, stage -> Map.of());
    return stages.get(0).source().isStage()
        ? new TrainingStages(job, stages, (own, stage) -> train(own, stage, stops)).run()
        : train(job, stages.get(0), stops);
  }

  private int train(Job own, Configuration configuration, StopRequests stops) {
    Optional<Instant> begin = running == null ? Optional.empty() : Optional.of(Instant.now());
    running = new TrainingRun(own, configuration, stops, begin);
    return running.run();
  }

  /** The step that is running, for a message about a failure; 0 before the first. */
  public long step() {
    return running == null ? 0 : running.step();
  }
}
