package ringattention.command;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.data.trajectories.StateStatistics;
import ringattention.input.InputException;
import ringattention.input.Source;

/** A run goes on with the statistics of states that it began with, or not at all. */
class StateFileTest {
  private static final Source SOURCE = Sections.INPUTS.defaults(List.of()).source();

  @TempDir Path folder;

  @Test
  void othersThanTheRunBeganWithAreRefused() throws IOException {
    StateStatistics before = new StateStatistics(List.of(.1), List.of(1 / 3.0));
    StateStatistics other = new StateStatistics(List.of(.1), List.of(Math.nextUp(1 / 3.0)));
    StateFile.requireSame(Optional.of(folder), Optional.of(before), SOURCE);
    Path file = folder.resolve("statistics.json");
    Files.writeString(file, before.json());
    StateFile.requireSame(Optional.of(folder), Optional.of(before), SOURCE);
    StateFile.requireSame(Optional.of(folder), Optional.empty(), SOURCE);
    StateFile.requireSame(Optional.empty(), Optional.of(other), SOURCE);
    String told =
        assertThrows(
                InputException.class,
                () -> StateFile.requireSame(Optional.of(folder), Optional.of(other), SOURCE))
            .getMessage();
    assertTrue(told.contains("trajectories.statistics") && told.contains(file.toString()), told);
  }
}
