package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.comm.MpiJob;

/** Exports with the built program, under mpirun and without. */
class ExportIT {
  @TempDir Path folder;

  @Test
  void processesExportWhatTrainingDoes() throws IOException {
    Program program = new Program(folder);
    String[] keys = {"-D", "train.steps=2", "-D", "checkpoint.every=1", "-D", "output.model=bf16"};
    Run run = program.trainInProcess(3, "run", keys);
    assertEquals(0, run.job().exitCode(), run.job().output());
    String output = program.file("out").toString();
    MpiJob.Result two = program.mpirun(2, "export", run.folder().toString(), "-o", output);
    assertEquals(0, two.exitCode(), two.output());
    assertTrue(two.output().contains(", export, 2 ranks"), two.output());
    assertSame(run.folder().resolve("model"), Path.of(output));
    MpiJob.Result one = program.alone("export", run.folder().toString(), "-o", output + "/more");
    assertEquals(0, one.exitCode(), one.output());
    assertSame(run.folder().resolve("model"), Path.of(output, "more"));
  }

  private static void assertSame(Path expected, Path found) throws IOException {
    for (String file : List.of("model.safetensors", "config.json", "ringattention_export.json")) {
      assertArrayEquals(
          Files.readAllBytes(expected.resolve(file)),
          Files.readAllBytes(found.resolve(file)),
          file);
    }
  }
}
