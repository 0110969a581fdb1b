package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import ringattention.checkpoint.CurriculumPosition;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.Answers;
import ringattention.report.Check;

/** When levels end, by the numbers of steps that are made up. */
class CurriculumTest {
  private static final String[] GATED = {
    "curriculum.gate=0.75",
    "curriculum.smoothing=0.5",
    "curriculum.leastSteps=3",
    "curriculum.mostSteps=7"
  };

  private final Levels samples = new Levels(16, 3);

  private Curriculum of(String... keys) {
    Configuration configuration = Given.of(keys).configuration();
    return new Curriculum(configuration, samples, CurriculumPosition.START);
  }

  /** A step of eight questions. */
  private static StepResult step(long number, int exact) {
    return step(number, exact, "");
  }

  private static StepResult step(long number, int exact, String skipped) {
    Answers answers = new Answers(8, exact, 24, 24 - (8 - exact));
    return new StepResult(number, 24, 1, 1, 1e-3, 1, 64, skipped, Stop.NONE, Optional.of(answers));
  }

  private static StepResult without(long number) {
    return new StepResult(
        number, 0, Double.NaN, 0, 1e-3, 1, 64, "", Stop.NONE, Optional.of(new Answers(0, 0, 0, 0)));
  }

  private static CurriculumPosition at(int level, double average, long steps) {
    return new CurriculumPosition(level, average, steps);
  }

  /** 8 of 8 from the first step: .5, .75, .875 is above .75 after three steps. */
  @Test
  void aLevelEndsWhenItsAverageIsAboveTheGate() {
    Curriculum curriculum = of(GATED);
    assertEquals(List.of(0), samples.told());
    assertEquals(Optional.empty(), curriculum.after(step(1, 8)));
    assertEquals(at(0, 0.5, 1), curriculum.position());
    assertEquals(Optional.empty(), curriculum.after(step(2, 8)));
    assertEquals(
        Optional.of("level 2 of 3 after 3 steps: exact 0.875"), curriculum.after(step(3, 8)));
    assertEquals(at(1, 0.4375, 0), curriculum.position());
    assertEquals(1, curriculum.level());
    assertEquals(List.of(0, 1), samples.told());
    assertFalse(curriculum.passed() || curriculum.ends());
  }

  /** At the gate is not above it. */
  @Test
  void leastStepsAndTheGateAreBothNeeded() {
    Curriculum curriculum = of(GATED);
    for (int i = 1; i <= 6; i++) {
      assertEquals(Optional.empty(), curriculum.after(step(i, 6)));
    }
    assertTrue(curriculum.position().average() < 0.75);
    Curriculum early = of("curriculum.gate=0.3", "curriculum.smoothing=0");
    for (int i = 1; i < 20; i++) {
      assertEquals(Optional.empty(), early.after(step(i, 8)), "step " + i);
    }
    assertTrue(early.after(step(20, 8)).isPresent());
    Curriculum equal = of("curriculum.gate=0.75", "curriculum.smoothing=0", GATED[2]);
    for (int i = 1; i <= 9; i++) {
      assertEquals(Optional.empty(), equal.after(step(i, 6)));
    }
    assertTrue(equal.after(step(10, 7)).isPresent());
  }

  /** A skipped step and one without questions pass at the level, and say nothing of it. */
  @Test
  void stepsThatSayNothingLeaveTheAverage() {
    Curriculum curriculum = of(GATED);
    curriculum.after(step(1, 8));
    curriculum.after(step(2, 0, "loss NaN"));
    curriculum.after(without(3));
    assertEquals(at(0, 0.5, 3), curriculum.position());
  }

  private static int pass(Curriculum curriculum, int from) {
    int step = from;
    int level = curriculum.level();
    while (curriculum.level() == level && !curriculum.ends()) {
      curriculum.after(step(step++, 8));
    }
    return step;
  }

  @Test
  void theLastLevelEndsTheRun() {
    Curriculum curriculum = of(GATED);
    int step = pass(curriculum, pass(curriculum, 1));
    assertEquals(2, curriculum.level());
    assertFalse(curriculum.passed());
    assertFalse(curriculum.allows());
    assertEquals(Check.Verdict.FAILED, curriculum.check().orElseThrow().verdict());
    assertTrue(curriculum.failure().orElseThrow().contains("within train.steps = 10"));
    curriculum.after(step(step, 8));
    curriculum.after(step(step + 1, 8));
    assertEquals(
        Optional.of("level 3 of 3 passed after 3 steps, exact 0.933"),
        curriculum.after(step(step + 2, 8)));
    assertTrue(curriculum.passed() && curriculum.ends() && curriculum.allows());
    assertEquals(Optional.empty(), curriculum.failure());
    Check check = curriculum.check().orElseThrow();
    assertEquals(Check.Verdict.PASSED, check.verdict());
    assertEquals(3, check.value());
    Map<String, Object> summary = new LinkedHashMap<>();
    curriculum.put(summary);
    assertEquals(
        Map.of(
            "level",
            3,
            "levels",
            3,
            "steps_at_level",
            3L,
            "exact_rate_average",
            curriculum.position().average(),
            "gate_passed",
            true),
        summary);
    assertEquals(List.of(0, 1, 2), samples.told());
  }

  @Test
  void aLevelThatDoesNotEndEndsTheRun() {
    Curriculum curriculum = of(GATED);
    int step = pass(curriculum, 1);
    for (int i = 0; i < 7; i++) {
      assertFalse(curriculum.ends(), "after " + i);
      curriculum.after(step(step + i, 2));
    }
    assertTrue(curriculum.ends());
    assertFalse(curriculum.passed() || curriculum.allows());
    assertEquals(
        "level 2 of 3 not passed: exact 0.251 after 7 steps at it, and curriculum.gate needs more"
            + " than 0.75 within curriculum.mostSteps = 7",
        curriculum.failure().orElseThrow());
    Check check = curriculum.check().orElseThrow();
    assertEquals(Check.Verdict.FAILED, check.verdict());
    assertEquals(1, check.value());
  }

  /** The level that passes at its very last step has passed. */
  @Test
  void theLastStepAllowedCounts() {
    Curriculum curriculum = of(GATED);
    for (int i = 1; i <= 5; i++) {
      curriculum.after(step(i, 0));
    }
    curriculum.after(step(6, 8));
    curriculum.after(step(7, 8));
    assertTrue(curriculum.ends(), "0.75 is not above it");
    Curriculum other = of(GATED);
    for (int i = 1; i <= 4; i++) {
      other.after(step(i, 0));
    }
    for (int i = 5; i <= 7; i++) {
      other.after(step(i, 8));
    }
    assertEquals(1, other.level());
    assertFalse(other.ends());
  }

  /** A run that goes on from any step has the levels of one that was not interrupted. */
  @Test
  void aResumedCurriculumGoesOn() {
    Random random = new Random(5);
    List<StepResult> steps = new ArrayList<>();
    for (int i = 1; i <= 60; i++) {
      steps.add(step(i, 3 + random.nextInt(6), i % 11 == 0 ? "loss NaN" : ""));
    }
    String[] keys = {"curriculum.gate=0.72", "curriculum.smoothing=0.7", "curriculum.leastSteps=4"};
    Curriculum whole = of(keys);
    List<CurriculumPosition> positions = new ArrayList<>();
    for (StepResult step : steps) {
      positions.add(whole.position());
      whole.after(step);
    }
    assertEquals(2, whole.level(), "the numbers are such that levels end");
    assertTrue(positions.get(20).level() >= 1);
    for (int from = 0; from < steps.size(); from++) {
      Levels own = new Levels(16, 3);
      Curriculum resumed = new Curriculum(Given.of(keys).configuration(), own, positions.get(from));
      assertEquals(List.of(positions.get(from).level()), own.told());
      for (StepResult step : steps.subList(from, steps.size())) {
        resumed.after(step);
      }
      assertEquals(whole.position(), resumed.position(), "from step " + from);
      assertEquals(whole.passed(), resumed.passed());
    }
  }

  @Test
  void withoutAGateNothingHappens() {
    Curriculum off = of("train.exactRate=true");
    assertEquals(List.of(), samples.told());
    for (int i = 1; i < 99; i++) {
      assertEquals(Optional.empty(), off.after(step(i, 8)));
    }
    assertEquals(CurriculumPosition.START, off.position());
    assertFalse(off.ends() || off.passed());
    assertTrue(off.allows());
    assertEquals(Optional.empty(), off.check());
    assertEquals(Optional.empty(), off.header());
    Map<String, Object> summary = new LinkedHashMap<>();
    off.put(summary);
    assertEquals(Map.of(), summary);
  }

  private static String refused(AskedSamples samples, String... keys) {
    Configuration configuration = Given.of(keys).configuration();
    return assertThrows(
            InputException.class,
            () -> new Curriculum(configuration, samples, CurriculumPosition.START))
        .getMessage();
  }

  @Test
  void whatCannotBeIsRefused() {
    assertEquals(
        "no input file: curriculum.gate = 0.75: must not be given: the corpus of [data] has no"
            + " questions to answer",
        refused(new AskedSamples(), GATED).replace("-D ", "no input file: "));
    assertTrue(refused(new AskedSamples(), "train.exactRate=true").contains("train.exactRate"));
    Configuration configuration = Given.of(GATED).configuration();
    String message =
        assertThrows(
                InputException.class, () -> new Curriculum(configuration, samples, at(3, 0.5, 1)))
            .getMessage();
    assertTrue(message.endsWith("the checkpoint has reached level 4, and there are 3"), message);
  }

  @Test
  void itSaysWhatThereIsToDo() {
    assertEquals(
        "curriculum: level 1 of 3; a level ends when the exact rate, averaged, is above 0.75 after"
            + " at least 3, and at most 7 steps; the run ends with the last",
        of(GATED).header().orElseThrow());
  }
}
