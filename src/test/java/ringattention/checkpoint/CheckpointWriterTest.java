package ringattention.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.checkpoint.TrainedParameters.GROUPS;
import static ringattention.checkpoint.TrainedParameters.MEDIUM;
import static ringattention.checkpoint.TrainedParameters.SMALL;
import static ringattention.checkpoint.TrainedParameters.onRanks;
import static ringattention.checkpoint.TrainedParameters.position;
import static ringattention.checkpoint.TrainedParameters.save;
import static ringattention.checkpoint.TrainedParameters.value;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.comm.Communicator;
import ringattention.device.DType;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.State;

class CheckpointWriterTest {
  @TempDir private Path run;

  private Set<String> names(String below) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve(below))) {
      return files
          .map(file -> file.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** Each number of ranks reads what the number before it wrote. */
  @Test
  void everyElementSurvivesChangesOfTheNumberOfRanks() {
    survives(MEDIUM, 1, 2, 3, 7, 2, 1, 1);
  }

  /** Also of more elements than a transfer and a buffer of a file take at once. */
  @Test
  void everyOneOfManyElementsSurvives() {
    survives(GROUPS, 3, 1, 1);
  }

  private void survives(List<ParameterGroup> groups, int... chain) {
    Path before = run.resolve("0");
    save(groups, before, chain[0], 1, 5);
    for (int i = 1; i < chain.length; i++) {
      Path from = before;
      Path to = run.resolve(Integer.toString(i));
      List<String> found =
          onRanks(
              groups,
              chain[i],
              rank -> {
                String result = rank.find(from, false);
                try (CheckpointWriter writer = rank.writer(to, 1, written -> {})) {
                  writer.save(position(5));
                  writer.await();
                }
                return result;
              });
      found.forEach(result -> assertEquals("step 5", result));
      before = to;
    }
  }

  @Test
  void sayWhatTheyAre() throws IOException {
    save(SMALL, run, 2, 2, 5);
    assertEquals(
        Set.of("DONE", "checkpoint.json", "rank_0.bin", "rank_1.bin", "used_inputs.toml"),
        names("checkpoints/step_5"));
    JsonNode manifest =
        new ObjectMapper().readTree(run.resolve("checkpoints/step_5/checkpoint.json").toFile());
    assertEquals(5, manifest.at("/position/step").asInt());
    assertEquals(500, manifest.at("/position/tokens").asInt());
    assertEquals(10, manifest.at("/position/next_sequence").asInt());
    assertEquals(32, manifest.at("/model/hidden").asInt());
    assertEquals(2, manifest.at("/ranks").asInt());
    assertEquals(3, manifest.at("/files").size());
    assertEquals(0, Files.size(run.resolve("checkpoints/step_5/DONE")));
  }

  /** The format of the documentation, read without the program. */
  @Test
  void aFileIsLengthHeaderAndNumbers() throws IOException {
    save(run, 3, 1, 5);
    byte[] file = Files.readAllBytes(run.resolve("checkpoints/step_5/rank_1.bin"));
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) buffer.getLong(0);
    JsonNode header = new ObjectMapper().readTree(new String(file, 8, length));
    assertEquals(0, (8 + length) % 4096);
    long elements = 0;
    for (JsonNode piece : header.path("pieces")) {
      elements += piece.path("elements").asLong();
      if (piece.path("parameter").asText().equals("a.norm")
          && piece.path("state").asText().equals("VARIANCE")) {
        int at = 8 + length + piece.path("offset").asInt();
        // rank 1 of 3 holds elements 8 to 15 of the group's 22, the norm begins at 15
        assertEquals(0, piece.path("index").asInt());
        assertEquals(1, piece.path("elements").asInt());
        assertEquals(value(5, State.VARIANCE, "a.norm", 0), buffer.getFloat(at));
      }
    }
    assertEquals(file.length, 8 + length + 4 * elements);
    assertEquals(CheckpointWriter.hostBytes(GROUPS, 1, 3, DType.F32), 4 * elements);
    assertEquals(0, elements % State.values().length);
  }

  @Test
  void keepsTheNewest() throws IOException {
    save(SMALL, run, 2, 2, 5, 10, 15, 100);
    assertEquals(Set.of("step_15", "step_100"), names("checkpoints"));
  }

  @Test
  void removesWhatKilledRunsLeft() throws IOException {
    save(SMALL, run, 1, 3, 5);
    Path temporary = run.resolve("checkpoints/step_10.tmp-killed");
    Path unmarked = run.resolve("checkpoints/step_7");
    Path foreign = run.resolve("checkpoints/notes");
    for (Path folder : List.of(temporary, unmarked, foreign)) {
      Files.createDirectories(folder.resolve("inner"));
      Files.writeString(folder.resolve("rank_0.bin"), "half");
    }
    onRanks(SMALL, 2, rank -> rank.find(run, false))
        .forEach(found -> assertEquals("step 5", found));
    save(SMALL, run, 2, 3, 15);
    assertEquals(Set.of("step_5", "step_15", "notes"), names("checkpoints"));
  }

  @Test
  void replacesAnUnmarkedOneOfTheSameStep() throws IOException {
    save(SMALL, run, 2, 3, 5);
    Files.delete(run.resolve("checkpoints/step_5/DONE"));
    Files.writeString(run.resolve("checkpoints/step_5/rank_2.bin"), "of other ranks");
    save(SMALL, run, 1, 3, 5);
    assertEquals(
        Set.of("DONE", "checkpoint.json", "rank_0.bin", "used_inputs.toml"),
        names("checkpoints/step_5"));
  }

  /** Training goes on at once: what comes after must not be in the files. */
  @Test
  void holdsTheValuesOfItsMoment() {
    onRanks(
        2,
        rank -> {
          try (CheckpointWriter writer = rank.writer(run, 2, written -> {})) {
            for (long step : new long[] {5, 10, 15}) {
              rank.set(step);
              writer.save(position(step));
              rank.set(step + 1);
            }
            writer.await();
          }
          assertEquals("step 15", rank.find(run, false));
          assertEquals("step 10", rank.find(run.resolve("checkpoints/step_10"), false));
          return null;
        });
  }

  @Test
  void pollingCompletesIt() throws InterruptedException {
    List<WrittenCheckpoint> told = new ArrayList<>();
    onRanks(
        3,
        rank -> {
          try (CheckpointWriter writer = rank.writer(run, 2, told::add)) {
            writer.poll();
            rank.set(5);
            writer.save(position(5));
            double[] complete = {0};
            for (int i = 0; i < 5000 && complete[0] == 0; i++) {
              pause();
              writer.poll();
              complete[0] = rank.world().rank() == 0 ? told.size() : 0;
              rank.world().allReduce(complete, Communicator.Operation.SUM);
            }
          }
          assertEquals(
              CheckpointWriter.hostBytes(GROUPS, rank.world().rank(), 3, DType.F32) + (4L << 20),
              rank.device().peakHostBytes());
          return null;
        });
    assertEquals(List.of(5L), told.stream().map(WrittenCheckpoint::step).toList());
    assertTrue(told.get(0).bytes() > 3 * 4 * 2_200_000, told.toString());
    assertTrue(told.get(0).writeSeconds() > 0 && told.get(0).stallSeconds() > 0, told.toString());
    assertEquals(run.resolve("checkpoints/step_5"), told.get(0).folder());
  }

  private static void pause() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One rank cannot write its file: every rank learns why, and the checkpoint before stays. */
  @Test
  void aFailureInTheBackgroundIsEveryRanks() throws IOException {
    save(SMALL, run, 3, 2, 5);
    Path blocked = run.resolve("checkpoints/step_10.tmp-test/rank_1.bin");
    Files.createDirectories(blocked);
    List<String> messages =
        onRanks(
            SMALL,
            3,
            rank -> {
              try (CheckpointWriter writer = rank.writer(run, 2, written -> {})) {
                rank.set(10);
                writer.save(position(10));
                writer.await();
                return "";
              } catch (CheckpointException e) {
                return e.getMessage();
              }
            });
    for (String message : messages) {
      assertTrue(message.startsWith("cannot write " + blocked + ": "), message);
      assertTrue(message.endsWith("Is a directory"), message);
    }
    assertEquals(Set.of("step_5"), names("checkpoints"));
    onRanks(SMALL, 2, rank -> rank.find(run, false))
        .forEach(found -> assertEquals("step 5", found));
  }

  @Test
  void aFileInPlaceOfTheFolderIsNamed() throws IOException {
    Files.writeString(run.resolve("checkpoints"), "");
    List<String> messages =
        onRanks(
            SMALL,
            2,
            rank -> {
              try (CheckpointWriter writer = rank.writer(run, 2, written -> {})) {
                writer.save(position(10));
                writer.await();
                return "";
              } catch (CheckpointException e) {
                return e.getMessage();
              }
            });
    for (String message : messages) {
      assertTrue(message.startsWith("cannot write " + run.resolve("checkpoints")), message);
      assertTrue(message.endsWith("Not a directory"), message);
    }
  }

  /** A run that fails elsewhere leaves no thread, and no folder that looks like a checkpoint. */
  @Test
  void closingGivesUp() throws IOException, InterruptedException {
    onRanks(
        2,
        rank -> {
          CheckpointWriter writer = rank.writer(run, 2, written -> {});
          writer.save(position(5));
          writer.close();
          rank.world().barrier();
          return null;
        });
    assertFalse(names("checkpoints").contains("step_5"));
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("checkpoint")) {
        thread.join(5000); // it may be in its last instructions
        assertFalse(thread.isAlive());
      }
    }
  }
}
