package ringattention.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.LocalCommunicator;

/** Ranks that answer and ranks that wait go on and end together. */
class JobGenerationTest {
  private static final int RANKS = 4;

  /** Returns what every rank learns. */
  private static List<GenerationOutcome> run(
      int answering, int stopping, int after, List<String> heard) {
    return LocalCommunicator.run(
        RANKS,
        world -> {
          Rig rig = new Rig(Rig.engine(2, 200));
          Generation generation = new Generation(rig.engine, rig.tokenizer, config(), Set.of());
          AtomicInteger asked = new AtomicInteger();
          GenerationOutcome outcome =
              new JobGeneration(
                      world, world.rank() < answering ? Optional.of(generation) : Optional.empty())
                  .run(
                      List.of(
                          Rig.request("a", "one", Rig.settings(20, 1, Rig.GREEDY)),
                          Rig.request("b", "two", Rig.settings(9, 1, Rig.GREEDY)),
                          Rig.request("c", "x".repeat(300), Rig.settings(9, 1, Rig.GREEDY)),
                          Rig.request("d", "four", Rig.settings(9, 1, Rig.GREEDY))),
                      Set.of(),
                      rig,
                      () -> world.rank() == stopping && asked.incrementAndGet() > after);
          heard.add(world.rank() + " " + rig.results.size());
          world.barrier(); // nobody is left in a call of its own
          return outcome;
        });
  }

  private static GenerateConfig config() {
    return new GenerateConfig(
        Optional.empty(),
        "vicuna",
        Optional.empty(),
        Rig.settings(1, 1, Rig.GREEDY),
        List.of(),
        8,
        true,
        true);
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "4"})
  void allLearnWhatCameOfIt(int answering) {
    List<String> heard = Collections.synchronizedList(new ArrayList<>());
    List<GenerationOutcome> outcomes = run(answering, -1, 0, heard);
    for (GenerationOutcome outcome : outcomes) {
      assertEquals(outcomes.get(0), outcome);
      assertEquals(3, outcome.finished());
      assertEquals(1, outcome.refused().size());
      assertEquals(38, outcome.newTokens());
    }
    for (int rank = 0; rank < RANKS; rank++) {
      assertEquals(true, heard.contains(rank + " " + (rank < answering ? 4 : 0)), heard.toString());
    }
  }

  /** Whichever rank is told to stop, one that answers or one that waits. */
  @ParameterizedTest
  @CsvSource({"0", "1", "3"})
  void anyRankStopsAll(int stopping) {
    List<GenerationOutcome> outcomes =
        run(2, stopping, 5, Collections.synchronizedList(new ArrayList<>()));
    for (GenerationOutcome outcome : outcomes) {
      assertEquals(outcomes.get(0), outcome);
      assertEquals(0, outcome.finished());
      assertEquals(2, outcome.interrupted());
      assertEquals(2, outcome.notBegun());
    }
  }

  /** A wish that comes when all is done changes nothing. */
  @Test
  void theEndIsHeardOnce() {
    assertEquals(
        run(2, -1, 0, Collections.synchronizedList(new ArrayList<>())),
        run(2, 3, 1000, Collections.synchronizedList(new ArrayList<>())));
  }
}
