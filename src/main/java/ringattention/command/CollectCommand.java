package ringattention.command;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import ringattention.cli.ExitCode;
import ringattention.comm.Communicator.Operation;
import ringattention.environment.CollectConfig;
import ringattention.environment.Collection;
import ringattention.environment.Collection.Part;
import ringattention.input.Configuration;
import ringattention.report.RunLock;
import ringattention.report.RunLog;
import ringattention.run.DeviceConfig;
import ringattention.run.Job;
import ringattention.run.RunOutput;
import ringattention.run.Version;

/** {@code collect}: plays episodes of an environment and writes them down, on all cores. */
public final class CollectCommand {
  private final Job job;
  private final CollectConfig config;
  private final Collection collection;
  private final EpisodeFolder folder;
  private final RunLog log;

  private CollectCommand(Job job, CollectConfig config) {
    this.job = job;
    this.config = config;
    collection = new Collection(config);
    folder = new EpisodeFolder(job.line().output().orElseThrow(), config);
    log = RunOutput.console(job).log();
  }

  /** Returns the exit code. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    CollectConfig config = job.agree(() -> configuration.get(CollectConfig.SECTION));
    int cores = Runtime.getRuntime().availableProcessors();
    int threads = configuration.get(DeviceConfig.SECTION).threads(cores, job.launch().localSize());
    return new CollectCommand(job, config).run(threads);
  }

  private int run(int threads) {
    log.line(Version.read() + ": episodes in the form of ExoRL's, which are not ExoRL's data");
    folder.description().forEach((key, value) -> log.row(String.format("%-17s%s", key, value)));
    log.row(String.format("%-17s%d, of %d threads each", "ranks", job.world().size(), threads));
    if (job.line().dryRun()) {
      return ExitCode.VALID;
    }
    Optional<RunLock> lock = job.agree(this::begin);
    try {
      CollectedEpisodes made = new CollectedEpisodes(folder, collection, log);
      job.agree(() -> made.run(share(), threads));
      end(made);
    } finally {
      lock.ifPresent(RunLock::close);
    }
    return ExitCode.VALID;
  }

  /** Rank 0 keeps others out of the folder. */
  private Optional<RunLock> begin() {
    return job.root() ? Optional.of(folder.begin()) : Optional.empty();
  }

  /** Returns the parts that this rank makes: every rank's are as many, up to one. */
  private List<Part> share() {
    List<Part> parts = collection.parts();
    int ranks = job.world().size();
    return IntStream.range(0, parts.size())
        .filter(i -> i % ranks == job.world().rank())
        .mapToObj(parts::get)
        .toList();
  }

  private void end(CollectedEpisodes own) {
    double made = job.world().allReduce(own.made(), Operation.SUM);
    double sum = job.world().allReduce(own.sum(), Operation.SUM);
    double most = job.world().allReduce(own.most(), Operation.MAX);
    double least = -job.world().allReduce(-own.least(), Operation.MAX);
    double slowest = job.world().allReduce(own.seconds(), Operation.MAX);
    long all = (long) config.tasks() * config.histories() * config.episodes();
    if (made > 0) {
      log.line(
          String.format(
              Locale.ROOT,
              "return of an episode: mean %.1f, smallest %.1f, largest %.1f",
              sum / made,
              least,
              most));
    }
    log.verdict(
        String.format(
            Locale.ROOT,
            "VALID: %d episodes in %s, %.0f of them made now in %.1f s",
            all,
            job.line().output().orElseThrow(),
            made,
            slowest));
  }
}
