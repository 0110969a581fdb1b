package ringattention.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.checkpoint.TrainedParameters.SMALL;
import static ringattention.checkpoint.TrainedParameters.onRanks;
import static ringattention.checkpoint.TrainedParameters.position;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.device.cpu.CpuDevice;

/** A checkpoint is that of all ranks: the slowest, and the one on another machine. */
class AllRanksTest {
  @TempDir private Path run;

  /** What the log says a checkpoint cost: of the slowest rank, here the last. */
  @Test
  void timesAreThoseOfTheSlowestRank() {
    List<WrittenCheckpoint> told = new ArrayList<>();
    onRanks(
        SMALL,
        3,
        () -> new CpuDevice(1),
        rank -> {
          long second = 1_000_000_000L * (1 + rank.world().rank());
          AtomicLong time = new AtomicLong();
          try (CheckpointWriter writer =
              rank.writer(run, 2, () -> time.getAndAdd(second), told::add)) {
            writer.save(position(5));
            writer.await();
          }
          return null;
        });
    assertEquals(3, told.get(0).stallSeconds(), 1e-9);
    assertEquals(3, told.get(0).writeSeconds(), 1e-9);
  }

  /** Folders of one name on two machines make no checkpoint that anybody could resume. */
  @Test
  void aFolderThatIsNotSharedIsAnError() throws IOException {
    Path other = Files.createDirectory(run.resolve("other"));
    List<String> messages =
        onRanks(
            SMALL,
            2,
            () -> new CpuDevice(1),
            rank -> {
              Path own = rank.world().rank() == 0 ? run : other;
              try (CheckpointWriter writer = rank.writer(own, 2, written -> {})) {
                writer.save(position(5));
                writer.await();
                return "";
              } catch (CheckpointException e) {
                return e.getMessage();
              }
            });
    String file = run.resolve("checkpoints/step_5.tmp-test/rank_1.bin").toString();
    for (String message : messages) {
      assertTrue(
          message.endsWith(
              file + " of another rank is not seen by rank 0: all machines must share this folder"),
          message);
    }
    try (Stream<Path> left = Files.list(run.resolve("checkpoints"))) {
      assertEquals(List.of(), left.toList());
    }
  }
}
