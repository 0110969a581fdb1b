package ringattention.train;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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

  public Validation(Configuration configuration, HeldOutLoss heldOut, RunOutput output) {
    this.configuration = configuration;
    this.heldOut = heldOut;
    this.output = output;
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
    values.put("accuracy", losses.accuracy());
    losses.bitsPerByte().ifPresent(bits -> values.put("bits_per_byte", bits));
    losses
        .answers()
        .ifPresent(
            answers -> {
              values.put("exact_rate", answers.exactRate());
              values.put("questions", answers.questions());
            });
    output.event("validation", values);
    return Optional.of(losses);
  }

  /** Returns a line for the log. */
  static String line(long step, LossByPosition losses) {
    String bits =
        losses.bitsPerByte().isPresent()
            ? String.format(Locale.ROOT, ", %.4f bits per byte", losses.bitsPerByte().getAsDouble())
            : "";
    String exact =
        losses
            .answers()
            .map(answers -> String.format(Locale.ROOT, ", exact %.4f", answers.exactRate()))
            .orElse("");
    return String.format(
        Locale.ROOT,
        "held-out loss after step %d: %.4f%s, accuracy %.2f%%%s, %d labels",
        step,
        losses.loss(),
        bits,
        100 * losses.accuracy(),
        exact,
        losses.labels());
  }
}
