package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.plan.Schedule;
import ringattention.plan.TrainConfig;

class LearningRateTest {
  /** Numbers that fp64 holds, so that no schedule may miss one by its last bit. */
  @ParameterizedTest
  @CsvSource({
    // schedule, step 1, end of the warm-up, a step after it, middle, a step before the last, last
    "COSINE, 0.25, 1, 0.9915935601764133, 0.5625, 0.1334064398235867, 0.125",
    "LINEAR, 0.25, 1, 0.9453125, 0.5625, 0.1796875, 0.125",
    "CONSTANT, 0.25, 1, 1, 1, 1, 1",
    "WSD, 0.25, 1, 1, 1, 0.34375, 0.125"
  })
  void warmsUpAndGoesOn(
      Schedule kind,
      double first,
      double warm,
      double after,
      double middle,
      double almost,
      double last) {
    LearningRate schedule = new LearningRate(kind, 1, 0.125, 4, 4, 20);
    double cosine = kind == Schedule.COSINE ? 1e-15 : 0;
    assertEquals(first, schedule.at(1));
    assertEquals(0.75, schedule.at(3));
    assertEquals(warm, schedule.at(4));
    assertEquals(after, schedule.at(5), cosine);
    assertEquals(middle, schedule.at(12), cosine);
    assertEquals(almost, schedule.at(19), cosine);
    assertEquals(last, schedule.at(20));
  }

  /** The formula of the first version, bit for bit. */
  @Test
  void theDefaultIsTheCosineAsItWas() {
    TrainConfig train = train("train.steps=40", "train.learningRate=1e-3");
    for (long step = 5; step <= 40; step++) {
      double progress = (double) (step - 4) / Math.max(1, 40 - 4);
      double before = 1e-4 + 0.5 * (1e-3 - 1e-4) * (1 + Math.cos(Math.PI * Math.min(1, progress)));
      assertEquals(before, LearningRate.of(train).at(step));
    }
    assertEquals(1e-3 * 3 / 4, LearningRate.of(train).at(3));
  }

  @Test
  void withoutWarmUpTheFirstStepIsPastThePeak() {
    LearningRate schedule = new LearningRate(Schedule.COSINE, 1, 0, 0, 0, 2);
    assertEquals(0.5, schedule.at(1), 1e-15);
    assertEquals(0, schedule.at(2), 1e-15);
    assertEquals(0.5, new LearningRate(Schedule.LINEAR, 1, 0, 0, 0, 2).at(1));
  }

  private static TrainConfig train(String... keys) {
    List<String> all = new ArrayList<>(List.of(keys));
    all.add("train.sequence=8");
    return Sections.INPUTS.defaults(all).get(TrainConfig.SECTION);
  }

  /** Warm-up and decay of the input, those of the run, and its last two rates in peaks. */
  @ParameterizedTest
  @CsvSource({
    "wsd, 40, 10, 8, 10, 8, 0.2125, 0.1",
    "wsd, 15, 10, 8, 10, 5, 0.28, 0.1",
    "wsd, 10, 10, 8, 10, 0, 0.9, 1",
    "wsd, 4, 10, 8, 4, 0, 0.75, 1",
    "wsd, 1, 10, 8, 1, 0, 1, 1",
    "linear, 4, 10, 0, 4, 0, 0.75, 1",
    "cosine, 4, 10, 0, 4, 0, 0.75, 1",
    "constant, 4, 10, 0, 4, 0, 0.75, 1"
  })
  void aRunHasNoMoreStepsThanItHas(
      String schedule,
      int steps,
      int warmup,
      int decay,
      long hasWarmup,
      long hasDecay,
      double almost,
      double last) {
    LearningRate rate =
        LearningRate.of(
            train(
                "train.schedule=" + schedule,
                "train.learningRate=1.0",
                "train.steps=" + steps,
                "train.warmupSteps=" + warmup,
                "train.decaySteps=" + decay));
    assertEquals(hasWarmup, rate.warmupSteps());
    assertEquals(hasDecay, rate.decaySteps());
    assertEquals(almost, rate.at(Math.max(1, steps - 1)), 1e-15);
    assertEquals(last, rate.at(steps), 1e-15);
  }

  @ParameterizedTest
  @CsvSource({"wsd, 40, 4", "wsd, 9, 1", "wsd, 19, 1", "cosine, 40, 0", "constant, 40, 0"})
  void aTenthOfTheStepsDecays(String schedule, int steps, int decay) {
    TrainConfig train = train("train.schedule=" + schedule, "train.steps=" + steps);
    assertEquals(decay, train.decaySteps());
  }

  /** What a run of wsd does before its decay is the same however long it goes on. */
  @Test
  void theStableRateDoesNotKnowTheSteps() {
    String[] keys = {"train.schedule=wsd", "train.warmupSteps=6", "train.steps=20"};
    LearningRate part = LearningRate.of(train(keys));
    keys[2] = "train.steps=2000";
    LearningRate whole = LearningRate.of(train(keys));
    for (long step = 1; step <= 18; step++) {
      assertEquals(whole.at(step), part.at(step));
    }
  }
}
