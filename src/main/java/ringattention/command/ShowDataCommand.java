package ringattention.command;

import java.util.List;
import java.util.Locale;
import ringattention.cli.ExitCode;
import ringattention.data.CorpusPreview;
import ringattention.data.DataConfig;
import ringattention.data.DataFormat;
import ringattention.data.Samples;
import ringattention.input.Configuration;
import ringattention.model.ModelConfig;
import ringattention.plan.TrainConfig;
import ringattention.report.RunLog;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/** {@code show-data}: documents as a model reads them, with what it is to learn marked. */
public final class ShowDataCommand {
  private ShowDataCommand() {}

  /** Returns the exit code. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    int vocabulary =
        configuration.has(ModelConfig.SECTION)
            ? configuration.get(ModelConfig.SECTION).vocabulary()
            : Integer.MAX_VALUE;
    RunLog log = RunOutput.console(job).log();
    if (configuration.get(DataConfig.SECTION).format() == DataFormat.LINES) {
      try (Samples samples = SharedInput.samples(job, configuration)) {
        log.line(samples.endless().orElseThrow());
        show(
            job,
            log,
            job.agree(
                () -> CorpusPreview.of(configuration, samples, job.line().samples(), vocabulary)));
      }
      return ExitCode.VALID;
    }
    CorpusPreview preview =
        job.agree(() -> CorpusPreview.of(configuration, job.line().samples(), vocabulary));
    log.line(
        String.format(
            Locale.ROOT,
            "%d documents, %d tokens, %d of them learned (%.1f%%), %d in the longest document",
            preview.documents(),
            preview.tokens(),
            preview.learned(),
            100.0 * preview.learned() / preview.tokens(),
            preview.longest()));
    if (configuration.has(TrainConfig.SECTION)) {
      int sequence = configuration.get(TrainConfig.SECTION).sequence();
      log.line(
          preview.longest() > sequence
              ? "the longest is cut: a sequence has " + sequence + " tokens"
              : "all fit in a sequence of " + sequence + " tokens");
    }
    show(job, log, preview.samples());
    return ExitCode.VALID;
  }

  private static void show(Job job, RunLog log, List<CorpusPreview.Document> documents) {
    int number = 1;
    for (CorpusPreview.Document document : documents) {
      log.section(
          String.format(
              Locale.ROOT,
              "document %d: %d tokens, %d learned, between [[ and ]]",
              number++,
              document.tokens(),
              document.learned()));
      if (job.root()) {
        job.console().println(document.text());
      }
    }
  }
}
