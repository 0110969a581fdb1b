package ringattention.validate;

import java.util.function.IntFunction;
import ringattention.device.Device;
import ringattention.metrics.Largest;

/**
 * Attention of one query over slots of a cache, in float64.
 *
 * @param out [headSize], 0 where there are no slots
 * @param logSumExp minus infinity where there are no slots
 * @param scale what rounding errors of the output are relative to, in steps of the compute type
 */
public record DecodeTruth(double[] out, double logSumExp, double scale) {
  /**
   * Computes it.
   *
   * @param key of a slot, [headSize]
   * @param value of a slot, [headSize]
   * @param device under test, whose types decide the scale
   */
  public static DecodeTruth of(
      double[] query,
      int[] slots,
      IntFunction<double[]> key,
      IntFunction<double[]> value,
      Device device) {
    int size = query.length;
    double[] scores = new double[slots.length];
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < slots.length; i++) {
      scores[i] = ShardTruth.dot(query, 0, key.apply(slots[i]), 0, size) / Math.sqrt(size);
      largest = Largest.of(largest, scores[i]);
    }
    double[] out = new double[size];
    double sum = 0;
    double squares = 0;
    double largestValue = 0;
    for (int i = 0; i < slots.length; i++) {
      double weight = Math.exp(scores[i] - largest);
      double[] row = value.apply(slots[i]);
      sum += weight;
      squares += weight * weight;
      for (int d = 0; d < size; d++) {
        out[d] += weight * row[d];
        largestValue = Math.max(largestValue, Math.abs(row[d]));
      }
    }
    for (int d = 0; d < size && slots.length > 0; d++) {
      out[d] /= sum;
    }
    double terms = slots.length == 0 ? 1 : Math.sqrt(squares) / sum;
    double sumStep = Rounding.of(device).sumStep();
    return new DecodeTruth(out, largest + Math.log(sum), largestValue * (terms + sumStep));
  }

  /**
   * Returns the scaled residual of an output.
   *
   * @param found [headSize]
   */
  Residual output(double[] found, Device device) {
    return Residual.of(found, out, scale, device.compute().epsilon());
  }

  /** Returns the scaled residual of a log-sum-exp; NaN if only one of both is minus infinity. */
  Residual logSumExp(double found, Device device) {
    boolean empty = logSumExp == Double.NEGATIVE_INFINITY;
    double difference = empty && found == logSumExp ? 0 : Math.abs(found - logSumExp);
    double size = empty ? 1 : Math.max(1, Math.abs(logSumExp));
    return new Residual(difference, size, device.sum().epsilon());
  }

  /** Returns how far an element of the output may be off. */
  public double allowed(Device device) {
    Thresholds thresholds = new Thresholds(Rounding.of(device));
    return thresholds.attentionOutput(out.length) * device.compute().epsilon() * scale;
  }

  /**
   * Returns how many elements are off by more than rounding explains, or not numbers.
   *
   * @param found output and log-sum-exp, [headSize + 1]
   */
  public long wrong(double[] found, Device device) {
    double allowed = allowed(device);
    long wrong = 0;
    for (int d = 0; d < out.length; d++) {
      wrong += Math.abs(found[d] - out[d]) <= allowed ? 0 : 1;
    }
    boolean sumRight =
        logSumExp(found[out.length], device).value() <= Thresholds.logSumExp(out.length);
    return wrong + (sumRight ? 0 : 1);
  }
}
