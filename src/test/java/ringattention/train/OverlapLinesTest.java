package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import ringattention.attention.OverlapEstimate;

class OverlapLinesTest {
  private static final String STEP =
      "one step of the ring: attention 600.0 GFLOP/s, keys and values 40.0 MB/s; attention to 2500"
          + " tokens takes as long as their exchange";

  @Test
  void aShardThatIsTooSmallIsWarnedOf() {
    var slow = new OverlapEstimate(1000, 6e9, 1_000_000, 0.01, 0.025);
    assertEquals(
        List.of(
            STEP,
            "warning: a rank's 1000 tokens are fewer than the 2500 that would hide the exchange of"
                + " keys and values (attention 600.0 GFLOP/s, keys and values 40.0 MB/s)"),
        OverlapLines.of(Optional.of(slow)));
  }

  @Test
  void oneThatIsLargeEnoughIsNot() {
    var enough = new OverlapEstimate(2500, 37.5e9, 2_500_000, 0.0625, 0.0625);
    assertEquals(List.of(STEP), OverlapLines.of(Optional.of(enough)));
    assertEquals(List.of(), OverlapLines.of(Optional.empty()));
  }
}
