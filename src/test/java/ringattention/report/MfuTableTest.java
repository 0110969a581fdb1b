package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.metrics.Mfu;
import ringattention.metrics.StepFlops;

class MfuTableTest {
  @Test
  void eachCountStandsBesideItsFormula() {
    MfuTable table =
        new MfuTable(new StepFlops(5.9757e15, 9.2887e15, 8.3243e15), new Mfu(0.338, 0.526, 0.471));
    assertEquals(
        List.of(
            "count         FLOPs a step  MFU %  formula",
            "causal-exact    5.9757e+15   33.8  3 (2 b s (L block + head) + L 2 b s^2 n d)",
            "paper           9.2887e+15   52.6  3 L (24 b s h^2 + 4 b s^2 h)",
            "hardware        8.3243e+15   47.1  2 b s (3 (L block + head) + again)"
                + " + (3.5 L + R) 2 b s^2 n d"),
        table.lines());
  }
}
