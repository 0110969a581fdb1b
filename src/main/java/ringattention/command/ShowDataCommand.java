package ringattention.command;

import java.util.Locale;
import ringattention.cli.ExitCode;
import ringattention.data.CorpusPreview;
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
    CorpusPreview preview =
        job.agree(() -> CorpusPreview.of(configuration, job.line().samples(), vocabulary));
    RunLog log = RunOutput.console(job).log();
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
    int number = 1;
    for (CorpusPreview.Document document : preview.samples()) {
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
    return ExitCode.VALID;
  }
}
