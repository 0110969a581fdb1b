package ringattention.command;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import ringattention.data.HeldOutSamples;
import ringattention.data.Samples;
import ringattention.data.ValidationConfig;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.report.RunLock;
import ringattention.run.Job;
import ringattention.run.SharedParts;
import ringattention.train.Curriculum;
import ringattention.train.Resumption;

/**
 * What a training run reads before it has devices.
 *
 * @param heldOut what section {@code [validation]} keeps out
 * @param weights to start from, and where the trained ones go
 * @param curriculum as far as the run has come
 */
record TrainingInput(
    Configuration configuration,
    Samples samples,
    Optional<HeldOutSamples> heldOut,
    StoredWeights weights,
    Resumption resumption,
    Curriculum curriculum)
    implements AutoCloseable {
  /**
   * Returns the plan of a run that nothing is known against before files are read. Not collective.
   *
   * @throws InputException if it is no good, or there is no corpus where the input says
   */
  static TrainingPlan plan(Job job, Configuration configuration) {
    TrainingPlan planned = TrainingPlan.of(configuration, job.world().size());
    job.line().traced(configuration.get(TrainConfig.SECTION).steps());
    Samples.requireFiles(configuration);
    return planned;
  }

  /**
   * Reads what the input names. Collective.
   *
   * @param source opens what is learned, collective; null: as the input says
   * @param progress takes lines where that takes long
   * @throws InputException if it is no good
   */
  static TrainingInput read(
      Job job, Configuration configuration, Supplier<Samples> source, Consumer<String> progress) {
    HostCorpus host = new HostCorpus(job, progress);
    Samples samples = source == null ? SharedInput.samples(job, configuration, host) : source.get();
    job.agree(
        () -> {
          TrainConfig train = configuration.get(TrainConfig.SECTION);
          samples.require((long) train.steps() * train.batch());
          StateFile.requireSame(
              job.line().output().filter(folder -> job.line().resume()),
              samples.statistics(),
              configuration.source());
          return samples;
        });
    Optional<HeldOutSamples> heldOut =
        configuration.get(ValidationConfig.SECTION).isOn()
            ? Optional.of(SharedInput.heldOut(job, configuration, host))
            : Optional.empty();
    StoredWeights weights = StoredWeights.toStartFrom(job, configuration);
    SharedParts contents = job.agree(() -> SharedInput.contents(configuration, samples, weights));
    Resumption resumption = Resumption.of(job, configuration, contents);
    Curriculum curriculum =
        job.agree(() -> new Curriculum(configuration, samples, resumption.position().curriculum()));
    return new TrainingInput(configuration, samples, heldOut, weights, resumption, curriculum);
  }

  /** Returns what is said of files and records that were left out; nothing if none was. */
  List<String> skippedLines() {
    List<String> lines = new ArrayList<>(Samples.leftOut(configuration));
    lines.addAll(samples.counts().skippedLines());
    if (configuration.get(ValidationConfig.SECTION).path().isPresent()) { // else it is the same
      heldOut.ifPresent(
          out -> out.counts().skippedLines().forEach(line -> lines.add("not learned: " + line)));
    }
    return lines;
  }

  /** Locks a folder to go on with, on rank 0: nothing in it is looked at before. */
  static Optional<RunLock> lock(Job job) {
    return job.line()
        .output()
        .filter(folder -> job.line().resume() && !job.line().dryRun())
        .filter(folder -> job.root() && Files.isDirectory(folder))
        .map(RunLock::take);
  }

  /** Closes what was read. */
  @Override
  public void close() {
    weights.close();
    heldOut.ifPresent(HeldOutSamples::close);
    samples.close();
  }
}
