package ringattention.report;

import java.util.OptionalDouble;

/**
 * One line per reported step, every field in its place, with the time left on runs that take long.
 */
public final class Progress {
  private static final double LONG_RUN_S = 30;

  private final long steps;
  private double summedS;
  private long records;
  private boolean longRun; // stays true, so that the column does not come and go

  /**
   * @param steps number of the run's last step
   */
  public Progress(long steps) {
    this.steps = steps;
  }

  /**
   * The line of a step. Steps must come in order; those that are not reported may be left out.
   *
   * @param utilization MFU as a share of the peak; empty where no peak is known
   * @param memoryBytes peak of the fullest rank so far
   */
  public String line(StepRecord record, OptionalDouble utilization, long memoryBytes) {
    StringBuilder line = new StringBuilder();
    int digits = Long.toString(steps).length();
    line.append(Units.format("step %" + digits + "d/%d", record.step(), steps));
    line.append(Units.format(" | loss %7s", loss(record.loss())));
    record
        .answers()
        .ifPresent(
            given ->
                line.append(
                    Units.format(
                        " | exact %.3f, digits %.3f", given.exactRate(), given.digitRate())));
    line.append(Units.format(" | norm %5s", norm(record.gradNorm())));
    line.append(Units.format(" | lr %8.2e", record.learningRate()));
    line.append(Units.format(" | %9s", Units.time(record.timeS())));
    line.append(Units.format(" | %13s", Units.scaled(record.tokensPerS(), "tok/s")));
    utilization.ifPresent(share -> line.append(Units.format(" | MFU %4.1f%%", 100 * share)));
    line.append(Units.format(" | mem %8s", Units.bytes(memoryBytes)));
    double pace = pace(record.timeS());
    longRun |= steps * pace > LONG_RUN_S;
    if (longRun) {
      line.append(" | left ").append(Units.duration((steps - record.step()) * pace));
    }
    return line.toString();
  }

  /** Mean seconds of a step; the first one warms up and counts only while it is alone. */
  private double pace(double timeS) {
    if (records == 1) {
      summedS = 0;
    }
    records++;
    summedS += timeS;
    return summedS / Math.max(1, records - 1);
  }

  private static String loss(double loss) {
    if (Double.isInfinite(loss)) {
      return loss > 0 ? "Inf" : "-Inf";
    }
    return Units.format(Math.abs(loss) < 99.99995 ? "%.4f" : "%.1e", loss);
  }

  private static String norm(double norm) {
    if (Double.isInfinite(norm)) {
      return "Inf";
    }
    if (norm == 0 || norm >= 0.005 && norm < 99.995) {
      return Units.format("%.2f", norm);
    }
    return Units.format(norm >= 1 && norm < 99999.5 ? "%.0f" : "%.0e", norm);
  }
}
