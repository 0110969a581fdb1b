package ringattention.forecast;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.device.MemoryCount;
import ringattention.input.Configuration;
import ringattention.metrics.Hardware;
import ringattention.metrics.Rates;
import ringattention.plan.TrainingPlan;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;

/** {@code parallel.heads = 0} against the forecasts of every number that can be. */
class HeadsChoiceTest {
  private static final Hardware H200 = Hardware.H200;

  private static Configuration input(String... overrides) {
    return Sections.INPUTS.read(Path.of("inputs/train-7b.toml"), List.of(overrides));
  }

  private static HeadsChoice choose(
      Configuration input, int ranks, long cap, Optional<Rates> rates, int before) {
    return HeadsChoice.of(
        TrainingPlan.of(input, ranks),
        HardwarePlan.traits(H200, input),
        MemoryLimits.of(H200, input.get(MemoryConfig.SECTION), ranks, cap),
        rates,
        before,
        0);
  }

  private static HeadsChoice choose(Configuration input, int ranks) {
    return choose(input, ranks, MemoryCount.UNCAPPED, Optional.of(Rates.of(H200)), 0);
  }

  private static int heads(HeadsChoice choice) {
    return choice.plan().setup().mesh().heads();
  }

  private static double seconds(int ranks, String... overrides) {
    HardwarePlan plan = HardwarePlan.of(H200, input(overrides), ranks);
    return plan.time().orElseThrow().phases().wallS();
  }

  /** The fewest within 2% of the fastest, by forecasts of runs that name their number. */
  @ParameterizedTest
  @CsvSource({"4, 8192, 32", "4, 32768, 32", "4, 131072, 32", "2, 8192, 32", "8, 32768, 4"})
  void theFewestThatAreAsFast(int ranks, int tokens, int keyValueHeads) {
    String sequence = "train.sequence=" + tokens;
    String groups = "model.keyValueHeads=" + keyValueHeads;
    List<Integer> numbers = new ArrayList<>();
    List<Double> times = new ArrayList<>();
    for (int heads = 1; heads <= ranks && heads <= keyValueHeads; heads *= 2) {
      numbers.add(heads);
      times.add(seconds(ranks, sequence, groups, "parallel.heads=" + heads));
    }
    double shortest = times.stream().min(Double::compare).orElseThrow();
    int wanted = 0;
    while (times.get(wanted) > 1.02 * shortest) {
      wanted++;
    }
    HeadsChoice choice = choose(input(sequence, groups, "parallel.heads=0"), ranks);
    assertEquals(numbers.get(wanted), heads(choice));
    String why = choice.why().orElseThrow();
    assertTrue(
        why.startsWith("ranks that exchange heads: " + numbers.get(wanted) + "; forecast"), why);
    for (int i = 0; i < numbers.size(); i++) {
      assertTrue(why.contains(String.format("%.3f s with %d", times.get(i), numbers.get(i))), why);
    }
  }

  /** Heads that tensor ranks have, and ranks that are left of a ring, are fewer. */
  @ParameterizedTest
  @CsvSource({"4, 4, 32", "4, 2, 2"})
  void tensorRanksLeaveNoChoice(int ranks, int tensor, int keyValueHeads) {
    String[] keys = {
      "parallel.heads=0",
      "train.sequence=8192",
      "parallel.tensor=" + tensor,
      "model.keyValueHeads=" + keyValueHeads
    };
    String said = choose(input(keys), ranks).why().orElseThrow();
    assertTrue(said.contains("there is no other number"), said);
  }

  /** Short shards exchange heads, long ones need not: else nothing is chosen at all. */
  @Test
  void shortShardsExchangeHeads() {
    assertTrue(heads(choose(input("train.sequence=8192", "parallel.heads=0"), 4)) > 1);
    assertEquals(1, heads(choose(input("train.sequence=524288", "parallel.heads=0"), 4)));
  }

  @Test
  void theInputDecides() {
    HeadsChoice choice = choose(input("train.sequence=524288", "parallel.heads=4"), 4);
    assertEquals(4, heads(choice));
    assertEquals(Optional.empty(), choice.why());
  }

  @ParameterizedTest
  @CsvSource({
    "3, 32, there is no other number that divides ranks and heads",
    "4, 1, there is no other number that divides ranks and heads",
    "6, 3, forecast of a step"
  })
  void numbersDivideRanksAndHeads(int ranks, int keyValueHeads, String why) {
    String[] keys = {
      "parallel.heads=0",
      "train.sequence=" + 3072 * ranks,
      "model.heads=" + (keyValueHeads == 3 ? 24 : 32),
      "model.headSize=128",
      "model.keyValueHeads=" + keyValueHeads
    };
    String said = choose(input(keys), ranks).why().orElseThrow();
    assertTrue(said.contains(why), said);
  }

  /** Chunks of heads that the input asks for leave fewer numbers, and fewer groups. */
  @Test
  void headChunksStayWhole() {
    String[] keys = {
      "train.sequence=8192", "parallel.heads=0", "parallel.headChunks=2", "model.keyValueHeads=4"
    };
    HeadsChoice choice = choose(input(keys), 4);
    assertEquals(2, heads(choice));
    assertEquals(2, choice.plan().setup().mesh().chunks());
    assertEquals(1, choice.plan().setup().policy().headGroups());
  }

  /** Groups of heads that the input asks for leave fewer numbers. */
  @Test
  void headGroupsStayWhole() {
    String[] keys = {"train.sequence=8192", "parallel.heads=0", "memory.headGroups=16"};
    HeadsChoice choice = choose(input(keys), 4);
    assertEquals(2, heads(choice));
    assertEquals(16, choice.plan().setup().policy().headGroups());
  }

  @Test
  void withoutRatesNoneAre() {
    Configuration short8k = input("train.sequence=8192", "parallel.heads=0");
    HeadsChoice unknown = choose(short8k, 4, MemoryCount.UNCAPPED, Optional.empty(), 0);
    assertEquals(1, heads(unknown));
    assertTrue(unknown.why().orElseThrow().contains("no forecast"), unknown.why().orElseThrow());
    HeadsChoice fp32 =
        choose(input("train.sequence=8192", "parallel.heads=0", "device.precision=fp32"), 4);
    assertEquals(1, heads(fp32));
    assertTrue(fp32.why().orElseThrow().contains("no forecast"), fp32.why().orElseThrow());
  }

  /** What a run has begun with it goes on with, if that is possible. */
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "4, 4", "3, 4"})
  void aRunGoesOnAsItBegan(int before, int expected) {
    Configuration input = input("train.sequence=8192", "parallel.heads=0");
    Optional<Rates> rates = Optional.of(Rates.of(H200));
    HeadsChoice choice = choose(input, 4, MemoryCount.UNCAPPED, rates, before);
    assertEquals(expected, heads(choice), choice.why().orElseThrow());
    assertEquals(before == expected, choice.why().orElseThrow().contains("as in the run before"));
  }

  /** The exchange has buffers of its own: where they have no room there is none. */
  @Test
  void numbersWithoutRoomAreLeftOut() {
    String[] keys = {
      "train.sequence=8192", "memory.saved=inputs", "memory.offload=none", "memory.headGroups=1"
    };
    List<String> alone = new ArrayList<>(List.of(keys));
    alone.add("parallel.heads=1");
    long room = HardwarePlan.of(H200, input(alone.toArray(String[]::new)), 4).memory().bytes();
    List<String> open = new ArrayList<>(List.of(keys));
    open.add("parallel.heads=0");
    Configuration input = input(open.toArray(String[]::new));
    Optional<Rates> rates = Optional.of(Rates.of(H200));
    HeadsChoice choice = choose(input, 4, room, rates, 0);
    assertEquals(1, heads(choice), choice.why().orElseThrow());
    assertTrue(choice.plan().memory().fits());
    assertTrue(heads(choose(input, 4, 2 * room, rates, 0)) > 1);
    HeadsChoice none = choose(input, 4, room / 2, rates, 0);
    assertTrue(none.why().orElseThrow().contains("no number has room"));
    assertTrue(!none.plan().memory().fits());
  }
}
