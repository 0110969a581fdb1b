package ringattention.report;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What one training step gave.
 *
 * @param step counted from 1
 * @param loss mean over the tokens of the step, in nats
 * @param gradNorm L2 norm of the whole gradient before clipping
 * @param timeS seconds, the maximum over ranks
 * @param tokensPerS tokens of all ranks together per second
 */
public record StepRecord(
    long step, double loss, double gradNorm, double learningRate, double timeS, double tokensPerS) {
  /** First line of {@code steps.csv}. */
  public static final String CSV_HEADER = "step,loss,grad_norm,learning_rate,time_s,tokens_per_s";

  /** A line of {@code steps.csv}, with all digits, so that curves can be compared to the bit. */
  public String csv() {
    return fields().values().stream().map(Object::toString).collect(Collectors.joining(","));
  }

  /** The same values under their names, for {@code run.jsonl}. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("step", step);
    fields.put("loss", loss);
    fields.put("grad_norm", gradNorm);
    fields.put("learning_rate", learningRate);
    fields.put("time_s", timeS);
    fields.put("tokens_per_s", tokensPerS);
    return fields;
  }
}
