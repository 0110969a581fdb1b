package ringattention.bench.attention;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import ringattention.report.Check;

/**
 * The smallest block that hides communication, predicted and measured, for one pass and network.
 *
 * @param network bandwidth that was asked for, in words
 * @param flopsPerS of attention to a block of {@code hiding} tokens: F
 * @param bytesPerS of its messages: B
 * @param formula what F / B gives for a long ring, see {@link RingWork#formula}
 * @param hiding block from which on the work of every step takes as long as its messages, predicted
 * @param predicted block from which on the exposed part is within the limit
 * @param measured the same, measured
 * @param calm how undisturbed the measurement was
 */
public record OverlapThreshold(
    String network,
    RingPass pass,
    double flopsPerS,
    double bytesPerS,
    double formula,
    double hiding,
    double predicted,
    MeasuredThreshold measured,
    Calm calm) {
  /** What prediction and measurement may be apart: rates of small blocks and messages vary. */
  private static final double FACTOR = 2;

  /** Blocks of a rank's smallest sequence, as the paper counts: it holds six. */
  private static final double BLOCKS = 6;

  /**
   * @param limit exposed part of the time
   */
  static OverlapThreshold of(
      String network, OverlapModel model, double limit, MeasuredThreshold measured, Calm calm) {
    double hiding = model.hidingTokens();
    int at = (int) (Double.isInfinite(hiding) ? model.attention().largest() : hiding);
    double flopsPerS = model.attention().at(at);
    double bytesPerS = model.messageBytes(at) / model.messageS(at);
    return new OverlapThreshold(
        network,
        model.pass(),
        flopsPerS,
        bytesPerS,
        model.schedule().formula(model.pass(), flopsPerS / bytesPerS),
        hiding,
        model.tokensWithin(limit),
        measured,
        calm);
  }

  ThresholdTable.Row row() {
    return new ThresholdTable.Row(
        "here",
        network,
        pass,
        flopsPerS * 1e-12,
        bytesPerS * 1e-9,
        flopsPerS / bytesPerS,
        formula,
        hiding,
        predicted,
        measured.tokens(),
        measured.bound().name(),
        BLOCKS * hiding);
  }

  String name() {
    return pass.title() + ", " + network;
  }

  String line() {
    return String.format(
        Locale.ROOT, "%s: predicted about %.0f tokens, measured %s", name(), predicted, measured);
  }

  /** Not made where the measurement is off and was disturbed. */
  Check check() {
    Map<String, Double> details = new LinkedHashMap<>();
    details.put("predicted tokens", predicted);
    details.put("measured tokens", measured.tokens());
    String title = "block that hides, " + name();
    Optional<String> disturbance = calm.disturbance();
    if (!(measured.factor(predicted) <= FACTOR) && disturbance.isPresent()) {
      return Check.notChecked(title, disturbance.get());
    }
    return Check.atMost(
        title,
        measured.factor(predicted),
        FACTOR,
        "predicted over measured tokens from which on the exposed part is within"
            + " benchOverlap.limit, or its inverse; 1 where only a bound was measured that holds",
        details);
  }

  /** For {@code summary.json}. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("pass", pass.title());
    fields.put("network", network);
    fields.put("attention_flops_per_s", flopsPerS);
    fields.put("bytes_per_s", bytesPerS);
    fields.put("formula_tokens", formula);
    fields.put("hiding_tokens", hiding);
    fields.put("predicted_tokens", predicted);
    fields.put("measured_tokens", measured.tokens());
    fields.put("measured_bound", measured.bound().name());
    return fields;
  }
}
