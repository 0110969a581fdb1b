package ringattention.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class BatchTimeTest {
  @Test
  void firstMicroBatchAndUpdateCountOnce() {
    BatchTime time = new BatchTime(new double[] {3, 2}, 0.5);
    assertEquals(3 + 31 * 2 + 0.5, time.seconds(32));
  }

  @Test
  void meanOfTheOthersStandsForAll() {
    BatchTime time = new BatchTime(new double[] {10, 1, 2, 6}, 0.25);
    assertEquals(10 + 9 * 3 + 0.25, time.seconds(10));
  }

  @Test
  void wholeBatchIsWhatWasMeasured() {
    assertEquals(19.25, new BatchTime(new double[] {10, 1, 2, 6}, 0.25).seconds(4));
    assertEquals(10.25, new BatchTime(new double[] {10}, 0.25).seconds(1));
  }

  @Test
  void firstAloneStandsForNoOther() {
    assertThrows(
        IllegalArgumentException.class, () -> new BatchTime(new double[] {3}, 0.5).seconds(2));
    assertThrows(
        IllegalArgumentException.class, () -> new BatchTime(new double[] {3, 2}, 0.5).seconds(1));
    assertThrows(IllegalArgumentException.class, () -> new BatchTime(new double[0], 0.5));
  }
}
