package ringattention.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import ringattention.data.ValidationConfig;
import ringattention.input.Configuration;
import ringattention.model.HeldOutLoss;
import ringattention.model.LossByPosition;
import ringattention.run.RunOutput;

/** The held-out loss during training: after some steps, and after the last. */
public final class Validation {
  private final Configuration configuration;
  private final HeldOutLoss heldOut;
  private final RunOutput output;
  private final Consumer<String> csv;
  private final Map<String, Object> compared;
  private final Map<String, Object> summary = new LinkedHashMap<>();

  /**
   * @param compared what the loss is compared with, for the summary; nothing: it is not
   */
  public Validation(
      Configuration configuration,
      HeldOutLoss heldOut,
      RunOutput output,
      Map<String, Object> compared) {
    this.compared = compared;
    this.configuration = configuration;
    this.heldOut = heldOut;
    this.output = output;
    this.csv =
        heldOut.hasSources()
            ? output.table("validation_sources.csv", "step,source,validation_loss,labels")
            : line -> {};
  }

  /**
   * Returns what the summary says of what was measured last, beside its mean: the losses of several
   * sources, or bits with what they are compared with.
   */
  Map<String, Object> summary() {
    return summary;
  }

  /**
   * Returns the held-out losses after such a step; empty where none is due. Collective.
   *
   * @param last whether it is the last step of the run
   */
  Optional<LossByPosition> after(long step, boolean last) {
    int every = configuration.get(ValidationConfig.SECTION).every();
    if (!last && (every == 0 || step % every != 0)) {
      return Optional.empty();
    }
    LossByPosition losses = heldOut.measure();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("step", step);
    values.put("validation_loss", losses.loss());
    values.put("labels", losses.labels());
    if (losses.unit().isOfTokens()) {
      values.put("accuracy", losses.accuracy());
    }
    losses.bits().ifPresent(bits -> values.put(losses.text().bitsKey(), bits));
    losses
        .answers()
        .ifPresent(
            answers -> {
              values.put("exact_rate", answers.exactRate());
              values.put("questions", answers.questions());
            });
    if (!losses.sources().isEmpty()) {
      values.put("validation_loss_by_source", losses.bySource());
      summary.put("validation_loss_by_source", losses.bySource());
      losses.sources().forEach(source -> csv.accept(csv(step, source)));
    }
    if (!compared.isEmpty()) {
      losses.bits().ifPresent(bits -> summary.put("validation_" + losses.text().bitsKey(), bits));
      summary.putAll(compared);
    }
    output.event("validation", values);
    return Optional.of(losses);
  }

  private static String csv(long step, LossByPosition.OfSource source) {
    String loss = source.labels() == 0 ? "" : Double.toString(source.loss());
    return step + "," + source.name() + "," + loss + "," + source.labels();
  }

  /** Returns what the log says: of several sources, also the loss of each. */
  static List<String> lines(long step, LossByPosition losses) {
    return losses.sources().isEmpty()
        ? List.of(line(step, losses))
        : List.of(line(step, losses), "held-out loss by source: " + losses.sourcesText());
  }

  /** Returns a line for the log. */
  static String line(long step, LossByPosition losses) {
    String bits = losses.bitsText().map(text -> ", " + text).orElse("");
    String exact =
        losses
            .answers()
            .map(answers -> String.format(Locale.ROOT, ", exact %.4f", answers.exactRate()))
            .orElse("");
    String accuracy =
        losses.unit().isOfTokens()
            ? String.format(Locale.ROOT, ", accuracy %.2f%%", 100 * losses.accuracy())
            : " " + losses.unit();
    return String.format(
        Locale.ROOT,
        "held-out loss after step %d: %.4f%s%s%s, %d labels",
        step,
        losses.loss(),
        bits,
        accuracy,
        exact,
        losses.labels());
  }
}
