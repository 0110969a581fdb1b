package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Launch;

/** Which GPU a rank takes, and what it says if there is none for it. */
class GpuChoiceTest {
  @ParameterizedTest(name = "rank {0} of {1} here, {2} GPUs")
  @CsvSource({
    "0, 1, 1, 0, ",
    "0, 1, 8, 0, ",
    "2, 4, 4, 2, ",
    "3, 4, 8, 3, ",
    "3, 4, 1, 0, ", // its own by CUDA_VISIBLE_DEVICES; all ranks compare later
    "3, 4, 2, 1, 4 ranks on this machine but 2 GPUs",
    "0, 4, 2, 0, 4 ranks on this machine but 2 GPUs", // also ranks that could have one
    "0, 1, 0, -1, no GPU is visible",
  })
  void byRankOnTheMachine(int rank, int ranks, int gpus, int ordinal, String problem) {
    assertEquals(
        new GpuChoice(ordinal, problem == null ? "" : problem),
        GpuChoice.of(new Launch(true, rank, ranks, false), gpus));
  }

  @Test
  void ranksMustNotShareOne() {
    assertEquals(
        Optional.empty(),
        GpuPlaces.shared(List.of("a 0000:18:00.0", "a 0000:2a:00.0", "b 0000:18:00.0")));
    assertEquals(
        Optional.of("3 ranks on this machine but 2 GPUs (b)"),
        GpuPlaces.shared(List.of("a 1", "b 1", "b 2", "b 1")));
    assertEquals(
        Optional.of("2 ranks on this machine but 1 GPU (b)"),
        GpuPlaces.shared(List.of("b2 1", "b 1", "b 1")));
  }

  @Test
  void theMostRanksOfOneGpuAreCounted() {
    assertEquals(1, GpuPlaces.together(List.of("a 1", "a 2", "b 1")));
    assertEquals(3, GpuPlaces.together(List.of("a 1", "b 1", "b 2", "b 1", "b 1")));
  }
}
