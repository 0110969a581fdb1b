package ringattention.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringattention.attention.OverlapEstimate;
import ringattention.report.Units;

/** What the log of a training run says of the block that hides communication. */
public final class OverlapLines {
  private OverlapLines() {}

  /**
   * @param measured empty where no ring exchanges anything
   * @return a warning among them if a rank's block is too small
   */
  public static List<String> of(Optional<OverlapEstimate> measured) {
    List<String> lines = new ArrayList<>();
    measured.ifPresent(
        estimate -> {
          String rates =
              "attention "
                  + Units.scaled(estimate.flopsPerS(), "FLOP/s")
                  + ", keys and values "
                  + Units.scaled(estimate.bytesPerS(), "B/s");
          lines.add(
              "one step of the ring: "
                  + rates
                  + "; attention to "
                  + estimate.hidingTokens()
                  + " tokens takes as long as their exchange");
          if (!estimate.hides()) {
            lines.add(
                "warning: a rank's "
                    + estimate.tokens()
                    + " tokens are fewer than the "
                    + estimate.hidingTokens()
                    + " that would hide the exchange of keys and values ("
                    + rates
                    + ")");
          }
        });
    return lines;
  }
}
