package ringattention.bench.attention;

import java.util.Locale;
import java.util.Optional;
import ringattention.comm.Communicator;

/**
 * How undisturbed a measurement was.
 *
 * @param waited part of the time in which threads of the most disturbed rank wanted a core that
 *     they had none; NaN where that is not known
 * @param scatter the longest repeat over the shortest, 1 if there is one only
 */
public record Calm(double waited, double scatter) {
  /** Times are then off by as much as that, and rates of small blocks by more. */
  private static final double BUSY = 0.10;

  /** Too little to explain a wrong result alone; with repeats that scatter, it does. */
  private static final double DISTURBED = 0.02;

  private static final double SCATTERED = 1.5;

  /** Where nothing else is known: repeats of a calm machine are within a tenth of each other. */
  private static final double SCATTERED_BY_ITSELF = 2;

  /**
   * Returns how undisturbed all ranks were since then; the part waited is not known if it is not on
   * one of them. Collective.
   *
   * @param scatter the same on every rank
   */
  static Calm since(CoreTime before, Communicator ranks, double scatter) {
    double waited = CoreTime.now().waitedSince(before);
    boolean known = !Double.isNaN(waited);
    double unknown = ranks.allReduce(known ? 0 : 1, Communicator.Operation.MAX);
    double most = ranks.allReduce(known ? waited : 0, Communicator.Operation.MAX);
    return new Calm(unknown > 0 ? Double.NaN : most, scatter);
  }

  /** Returns the worse of both. */
  Calm and(Calm other) {
    return new Calm(Math.max(waited, other.waited), Math.max(scatter, other.scatter));
  }

  /** Returns why a result that is off says nothing; empty where the machine was quiet. */
  Optional<String> disturbance() {
    String repeats = String.format(Locale.ROOT, "repeats differ by a factor of %.1f", scatter);
    if (Double.isNaN(waited)) {
      return scatter > SCATTERED_BY_ITSELF
          ? Optional.of(repeats + ", and nothing says how busy the cores are")
          : Optional.empty();
    }
    boolean busy = waited > BUSY || waited > DISTURBED && scatter > SCATTERED;
    return busy
        ? Optional.of(
            String.format(
                    Locale.ROOT,
                    "the cores are busy: ranks had none for %.0f%% of the time",
                    100 * waited)
                + " that they wanted one, "
                + repeats)
        : Optional.empty();
  }
}
