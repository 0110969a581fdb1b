package ringattention.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A run's curves for TensorBoard, in {@code tensorboard/} of its folder: a file for each part of a
 * run. A part that is resumed begins with {@code SessionLog.START} at its first step, which makes
 * TensorBoard drop what earlier files have of this step and later ones.
 */
public final class TensorBoard implements AutoCloseable {
  static final String FOLDER = "tensorboard";
  private static final String PREFIX = "events.out.tfevents.";
  private static final double GIB = 1L << 30;

  private final EventFile file;

  /**
   * @param folder of the run
   * @param after the step that this part of the run goes on from; 0: it begins
   * @throws OutputException if it cannot be written
   */
  TensorBoard(Path folder, long after, Clock clock) {
    file = new EventFile(next(folder.resolve(FOLDER), clock.millis() / 1000), clock);
    if (after > 0) {
      file.start(after + 1);
    }
  }

  /** TensorBoard reads files in the order of their names, so a name is later than all others'. */
  private static Path next(Path folder, long now) {
    long seconds = now;
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        long last =
            files
                .map(file -> file.getFileName().toString())
                .filter(name -> name.matches("\\Q" + PREFIX + "\\E\\d{10}\\..*"))
                .mapToLong(name -> Long.parseLong(name.substring(PREFIX.length()).split("\\.")[0]))
                .max()
                .orElse(0);
        seconds = Math.max(now, last + 1);
      } catch (IOException e) {
        throw RunFolder.cannotWrite(folder, e);
      }
    }
    return folder.resolve(String.format(Locale.ROOT, "%s%010d.ringattention", PREFIX, seconds));
  }

  /**
   * Adds a step.
   *
   * @param peakBytes of the device so far
   */
  public void write(StepRecord record, long peakBytes) {
    Map<String, Double> values = new LinkedHashMap<>();
    if (record.labelled()) {
      values.put("train/loss", record.loss());
      values.put("train/grad_norm", record.gradNorm());
    }
    values.put("train/learning_rate", record.learningRate());
    record.answers().ifPresent(answers -> put(values, answers));
    record.validationLoss().ifPresent(loss -> values.put("validation/loss", loss));
    values.put("speed/tokens_per_s", record.tokensPerS());
    record.mfu().ifPresent(mfu -> values.put("speed/mfu_causal", mfu.causalExact()));
    values.put("memory/peak_gib", peakBytes / GIB);
    file.scalars(record.step(), values);
  }

  private static void put(Map<String, Double> values, StepAnswers answers) {
    values.put("train/level", (double) answers.level());
    if (!Double.isNaN(answers.exactRate())) { // a step without questions has none
      values.put("train/exact_rate", answers.exactRate());
      values.put("train/digit_rate", answers.digitRate());
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
