package ringattention.bench.training;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import ringattention.bench.BenchRun;
import ringattention.data.Samples;
import ringattention.plan.PeakMemory;
import ringattention.plan.TrainingPlan;
import ringattention.report.Check;
import ringattention.report.Units;
import ringattention.train.DivergedException;

/**
 * One row to be of a table of training steps: fitted to the devices, missing where there is no
 * room, measured, checked. All calls are collective.
 */
public record TrainingRow(String name, TrainingPlan plan) {
  /** Guessing gives 1; fresh weights give a little more. */
  private static final double LARGEST_LOSS = 1.5;

  /** What every measurement of a row has. */
  interface Measured {
    /** Returns the loss of the last step; NaN if no label counted. */
    double loss();

    PeakMemory memory();
  }

  /** Returns the row with the policy that has room. */
  TrainingRow fitted(BenchRun run) {
    return new TrainingRow(name, run.fitted(plan));
  }

  /**
   * Measures this row, which is fitted; adds its checks.
   *
   * @return empty where devices have no room, or training diverged: checks have failed
   */
  <T extends Measured> Optional<T> measure(BenchRun run, Function<TrainingMeasurement, T> work) {
    run.say(name + ": " + plan.memory().why());
    try (Samples samples = run.corpus().open(run.job(), plan.configuration())) {
      var measurement = new TrainingMeasurement(run.job(), run.equipment(), plan, samples);
      if (!plan.memory().fits() || !measurement.fits()) {
        missing(run);
        return Optional.empty();
      }
      return checked(run, () -> work.apply(measurement));
    }
  }

  private void missing(BenchRun run) {
    int rank = plan.needs().fullestRank();
    long planned = plan.needs().of(rank, run.device()).bytes();
    run.say(
        name
            + ": no row: not every device has room for what is planned, "
            + Units.bytes(planned)
            + " on rank "
            + rank);
    run.checks()
        .add(
            Check.atMost(
                "room, " + name,
                1,
                0,
                "devices without room for what is planned, 1 for one or more",
                Map.of("planned bytes", (double) planned)));
  }

  /** Measures where there is room; adds the checks of what was measured. */
  <T extends Measured> Optional<T> checked(BenchRun run, Supplier<T> work) {
    try {
      T measured = work.get();
      run.checks()
          .add(
              Double.isNaN(measured.loss())
                  ? Check.notChecked("loss, " + name, "no label of the sequences counts")
                  : loss(measured.loss()));
      run.checks().add(measured.memory().check("memory, " + name));
      return Optional.of(measured);
    } catch (DivergedException e) {
      run.say(name + ": no row: " + e.getMessage());
      run.checks().add(loss(Double.NaN));
      return Optional.empty();
    }
  }

  private Check loss(double loss) {
    return Check.atMost(
        "loss, " + name,
        loss / Math.log(plan.setup().model().vocabulary()),
        LARGEST_LOSS,
        "loss of the last step / ln(vocabulary), which is the loss of guessing",
        Map.of("loss", loss));
  }

  /** Returns a loss for a line of the log, with its name. */
  static String lossText(double loss) {
    return Double.isNaN(loss) ? "no loss" : String.format(Locale.ROOT, "loss %.4f", loss);
  }
}
