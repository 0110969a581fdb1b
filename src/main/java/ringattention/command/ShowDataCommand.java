package ringattention.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import ringattention.cli.ExitCode;
import ringattention.data.CorpusCounts;
import ringattention.data.CorpusPreview;
import ringattention.data.DataConfig;
import ringattention.data.DataFormat;
import ringattention.data.DataSources;
import ringattention.data.SampleShape;
import ringattention.data.Samples;
import ringattention.data.SourceShares;
import ringattention.data.TrajectoryPreview;
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
    Optional<SampleShape> shape =
        configuration.has(TrainConfig.SECTION)
            ? Optional.of(shape(configuration.get(TrainConfig.SECTION), vocabulary))
            : Optional.empty();
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
    if (configuration.get(DataConfig.SECTION).format() == DataFormat.TRAJECTORIES) {
      show(log, job.agree(() -> TrajectoryPreview.of(configuration, shape, job.line().samples())));
      return ExitCode.VALID;
    }
    List<DataSources.One> sources = DataSources.of(configuration);
    if (sources.isEmpty()) {
      show(job, log, configuration, vocabulary, shape);
      return ExitCode.VALID;
    }
    List<SourceShares.Size> sizes = new ArrayList<>();
    for (DataSources.One source : sources) {
      log.section("source " + source.number() + ": " + source.source().path());
      CorpusPreview preview =
          show(job, log, source.configuration(), vocabulary, shape.map(source::shape));
      preview.size().ifPresent(sizes::add);
    }
    if (shape.isPresent()) {
      TrainConfig train = configuration.get(TrainConfig.SECTION);
      long sequences = (long) train.batch() * train.steps();
      log.section("what a run of " + sequences + " sequences takes of each source");
      job.agree(() -> new SourceShares(sources, sizes, train.sequence()).table(sequences))
          .forEach(log::line);
    }
    return ExitCode.VALID;
  }

  private static void show(RunLog log, TrajectoryPreview preview) {
    preview.lines().forEach(log::line);
    for (int i = 0; i < preview.sequences().size(); i++) {
      log.section("sequence " + i);
      preview.sequences().get(i).forEach(log::line);
    }
  }

  private static SampleShape shape(TrainConfig train, int vocabulary) {
    return new SampleShape(train.sequence(), vocabulary, train.seed());
  }

  /** Shows one corpus, or one source of several. */
  private static CorpusPreview show(
      Job job,
      RunLog log,
      Configuration configuration,
      int vocabulary,
      Optional<SampleShape> shape) {
    CorpusPreview preview =
        job.agree(
            () ->
                CorpusPreview.of(
                    configuration, job.line().samples(), vocabulary, shape, log::line));
    log.line(
        String.format(
            Locale.ROOT,
            "%d documents, %d tokens, %d of them learned (%.1f%%), %d in the longest document",
            preview.documents(),
            preview.tokens(),
            preview.learned(),
            100.0 * preview.learned() / preview.tokens(),
            preview.longest()));
    Samples.leftOut(configuration).forEach(log::line);
    records(preview).forEach(log::line);
    boolean documents = configuration.get(DataConfig.SECTION).documents();
    shape.ifPresent(
        run -> log.line(documents ? packed(preview, run.sequence()) : streamed(run.sequence())));
    show(job, log, preview.samples());
    return preview;
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

  /** Says what was read of records; nothing of texts, which have none. */
  private static List<String> records(CorpusPreview preview) {
    CorpusCounts counts = preview.counts();
    List<String> lines = new ArrayList<>();
    if (counts.records() > 0) {
      lines.add(
          String.format(
              "%d records: %d documents, %d empty, %d skipped",
              counts.records(), preview.documents(), counts.empty(), counts.skippedRecords()));
      lines.addAll(counts.skippedLines());
    }
    if (!counts.messages().isEmpty()) {
      long all = counts.messages().values().stream().mapToLong(Long::longValue).sum();
      String roles =
          counts.messages().entrySet().stream()
              .map(role -> role.getValue() + " " + role.getKey())
              .collect(Collectors.joining(", "));
      lines.add(all + " messages: " + roles);
    }
    return lines;
  }

  /** No token is left out, see {@code PackedSamples}, but the rest of a document sees less. */
  private static String packed(CorpusPreview preview, int sequence) {
    return String.format(
        "sequences of %d tokens: %d documents are longer, none is truncated; one that meets the end"
            + " of a sequence goes on in the next, which does not see what came before",
        sequence, preview.longer());
  }

  private static String streamed(int sequence) {
    return String.format(
        "sequences of %d tokens, from any place of the stream of all documents", sequence);
  }
}
