package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LearningRateTest {
  @Test
  void warmsUpThenFollowsTheCosine() {
    LearningRate schedule = new LearningRate(1, 0.1, 4, 24);
    assertEquals(0.25, schedule.at(1), 1e-15);
    assertEquals(1, schedule.at(4), 1e-15);
    assertEquals(0.55, schedule.at(14), 1e-15); // half way
    assertEquals(0.1, schedule.at(24), 1e-15);
  }

  @Test
  void withoutWarmUpTheFirstStepIsPastThePeak() {
    LearningRate schedule = new LearningRate(1, 0, 0, 2);
    assertEquals(0.5, schedule.at(1), 1e-15);
    assertEquals(0, schedule.at(2), 1e-15);
  }
}
