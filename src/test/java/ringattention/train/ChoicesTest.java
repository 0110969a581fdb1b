package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.LocalCommunicator;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Job;

/** What a resumed run is told of its last bits: everything that decides, and nothing else. */
class ChoicesTest {
  private static final String WARNING =
      "WARNING: losses agree with those of an uninterrupted run to rounding only, not to the bit: ";

  private static Map<String, String> all(String device, String sums, String groups) {
    return Map.of("device", device, "sums", sums, "head groups", groups);
  }

  @Test
  void theSameChoicesNeedNoWord() {
    assertEquals(List.of(), Choices.changed(all("cpu", "MPI", "1"), all("cpu", "MPI", "1"), true));
    assertEquals(List.of(), Choices.changed(Map.of(), all("cpu", "MPI", "1"), true));
  }

  @Test
  void whatChangedIsNamed() {
    assertEquals(
        List.of(WARNING + "head groups 1 -> 2"),
        Choices.changed(all("cpu", "MPI", "1"), all("cpu", "MPI", "2"), true));
    assertEquals(
        List.of(WARNING + "head groups 1 -> none"),
        Choices.changed(Map.of("head groups", "1"), Map.of(), false));
  }

  /** On another number of ranks sums differ anyway, and that is said elsewhere. */
  @Test
  void sumsAreComparedOnAsManyRanks() {
    Map<String, String> before = all("cpu", "one rank", "1");
    Map<String, String> now = all("cpu", "MPI", "1");
    assertEquals(List.of(WARNING + "sums one rank -> MPI"), Choices.changed(before, now, true));
    assertEquals(List.of(), Choices.changed(before, now, false));
    assertEquals(
        List.of(WARNING + "device cpu -> gpu"),
        Choices.changed(before, all("gpu", "MPI", "1"), false));
  }

  /** Checkpoints from before heads were exchanged do not say that they were not. */
  @Test
  void ranksThatExchangeHeadsDecide() {
    String name = "ranks that exchange heads";
    Map<String, String> two = Map.of(name, "2");
    assertEquals(List.of(), Choices.changed(two, two, true));
    assertEquals(
        List.of(),
        Choices.changed(Map.of("device", "cpu"), Map.of("device", "cpu", name, "1"), true));
    assertEquals(
        List.of(WARNING + name + " 2 -> 1"), Choices.changed(two, Map.of(name, "1"), true));
    assertEquals(
        List.of(WARNING + name + " 1 -> 2"),
        Choices.changed(Map.of("device", "cpu"), Map.of("device", "cpu", name, "2"), true));
    assertEquals(List.of(), Choices.changed(two, Map.of(name, "1"), false));
  }

  @Test
  void headGroupsOfNothingAreNone() {
    assertEquals(3, Choices.headGroups(Map.of("head groups", "3")));
    assertEquals(0, Choices.headGroups(Map.of("device", "cpu")));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aRunKnowsItsOwn(int ranks) {
    Given given =
        Given.of("memory.headGroups=2", "model.heads=4", "train.batch=2", "device.threads=1");
    List<Map<String, String>> all =
        LocalCommunicator.run(
            ranks,
            world -> {
              Job job = given.job(world);
              try (Equipment equipment = Equipment.open(job, given.configuration())) {
                TrainingPlan plan = given.plan(job, equipment);
                return Choices.of(job, equipment, plan);
              }
            });
    Map<String, String> choices = all.get(0);
    assertEquals(all.get(ranks - 1), choices);
    assertEquals(
        List.of(
            "device",
            "sums",
            "head groups",
            "ranks that exchange heads",
            "tensor ranks",
            "micro-batch"),
        List.copyOf(choices.keySet()));
    assertEquals("2", choices.get("head groups"));
    assertEquals("2", choices.get("micro-batch"));
    assertEquals(ranks == 1, choices.get("sums").equals("one rank"), choices.get("sums"));
    assertEquals(false, choices.get("device").contains(" and "), choices.get("device"));
    assertEquals(true, choices.get("device").matches("cpu, .*1 thread.*"), choices.get("device"));
  }
}
