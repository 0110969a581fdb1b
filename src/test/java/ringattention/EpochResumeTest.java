package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is resumed in a later epoch draws that epoch's order, not the first one's again. */
class EpochResumeTest {
  private static final int STEPS = 40;

  private Program program;
  private Path documents;

  private Run train(String name, String... more) {
    List<String> all = new ArrayList<>();
    for (String key :
        List.of(
            "data.path=" + documents,
            "data.format=jsonl",
            "train.sequence=60",
            "train.steps=" + STEPS,
            "checkpoint.every=1")) {
      all.addAll(List.of("-D", key));
    }
    all.addAll(List.of(more));
    return program.trainInProcess(1, name, all.toArray(String[]::new));
  }

  @Test
  void threeEpochsAreTheSameWhereverTheyAreStopped(@TempDir Path folder) {
    program = new Program(folder);
    documents =
        program.write(
            "documents.jsonl",
            IntStream.range(0, 24)
                .mapToObj(i -> "{\"text\": \"document " + i + " has the square " + i * i + "\"}\n")
                .collect(Collectors.joining()));
    Run whole = TrainTest.valid(train("whole"));
    List<Double> epochs = whole.column("epoch").stream().map(Double::valueOf).toList();
    int border = epochs.indexOf(1.0) + 1; // 12 sequences of 60 tokens
    int middle = border + border / 2;
    assertNotEquals(0, border, epochs.toString());
    assertEquals(3, (int) Math.min(3, epochs.get(STEPS - 1)), epochs.toString());
    for (int stop : List.of(border, middle, 2 * border)) {
      Run stopped = train("stop-" + stop, "-D", "fault.rank=0", "-D", "fault.step=" + (stop + 1));
      assertEquals(1, stopped.job().exitCode(), stopped.job().output());
      Run resumed = TrainTest.valid(train("stop-" + stop, "--resume"));
      for (String column : List.of("step", "loss", "grad_norm", "epoch")) {
        assertEquals(whole.column(column), resumed.column(column), column + " after " + stop);
      }
    }
  }
}
