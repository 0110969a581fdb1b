package ringattention.bench;

import java.util.Locale;
import java.util.Map;
import ringattention.device.Device;
import ringattention.plan.TrainingPlan;
import ringattention.report.Check;
import ringattention.report.Units;

/** What must hold of every row of a table of training steps, measured or not. */
public final class RowChecks {
  /** Guessing gives 1; fresh weights give a little more. */
  private static final double LARGEST_LOSS = 1.5;

  private RowChecks() {}

  /**
   * Checks that a row's loss is not far above that of guessing.
   *
   * @param row its name
   * @param loss of the last step; NaN if no label counted
   */
  public static Check loss(String row, double loss, int vocabulary) {
    return Double.isNaN(loss)
        ? Check.notChecked("loss, " + row, "no label of the sequences counts")
        : bounded(row, loss, vocabulary);
  }

  /** Returns the failed check of a row whose steps diverged: it has no loss. */
  public static Check diverged(String row, int vocabulary) {
    return bounded(row, Double.NaN, vocabulary);
  }

  /** Returns a loss for a line of the log, with its name. */
  public static String lossText(double loss) {
    return Double.isNaN(loss) ? "no loss" : String.format(Locale.ROOT, "loss %.4f", loss);
  }

  private static Check bounded(String row, double loss, int vocabulary) {
    return Check.atMost(
        "loss, " + row,
        loss / Math.log(vocabulary),
        LARGEST_LOSS,
        "loss of the last step / ln(vocabulary), which is the loss of guessing",
        Map.of("loss", loss));
  }

  /** Why a row without room is missing. */
  public static String missing(String row, TrainingPlan plan, Device device) {
    int rank = plan.fullestRank();
    return row
        + ": no row: not every device has room for what is planned, "
        + Units.bytes(plan.memory(rank, device).bytes())
        + " on rank "
        + rank;
  }

  /** A row that cannot be is a failed check. */
  public static Check room(String row, TrainingPlan plan, Device device) {
    long planned = plan.memory(plan.fullestRank(), device).bytes();
    return Check.atMost(
        "room, " + row,
        1,
        0,
        "devices without room for what is planned, 1 for one or more",
        Map.of("planned bytes", (double) planned));
  }
}
