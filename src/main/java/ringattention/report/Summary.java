package ringattention.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A run in one JSON object: {@code summary.json}. Numbers that are not finite become null.
 *
 * @param exitCode what the process ends with
 * @param finalLoss in the unit of the model's loss, NaN where there is none
 * @param tokensPerS of all ranks together, NaN where there is none
 * @param more further keys, written behind the fixed ones; SI unit in the key, such as {@code
 *     wall_s}, {@code planned_peak_bytes}, {@code measured_peak_bytes}; values are text, numbers,
 *     lists or maps
 */
public record Summary(
    RunVerdict verdict,
    int exitCode,
    double finalLoss,
    double tokensPerS,
    int ranks,
    List<Check> checks,
    Map<String, Object> more) {
  public Summary {
    checks = List.copyOf(checks);
    more = new LinkedHashMap<>(more);
  }

  public String json() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("verdict", verdict.word());
    values.put("verdict_text", verdict.text());
    values.put("exit_code", exitCode);
    values.put("final_loss", finalLoss);
    values.put("tokens_per_s", tokensPerS);
    values.put("ranks", ranks);
    values.put("checks", checks.stream().map(Check::fields).toList());
    more.forEach(
        (key, value) -> {
          if (values.put(key, value) != null) {
            throw new IllegalArgumentException("summary key " + key + " is fixed");
          }
        });
    return new Json().document(values);
  }
}
