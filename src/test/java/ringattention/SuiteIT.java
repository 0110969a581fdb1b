package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.comm.MpiJob;

/** Asks a suite with the built program under mpirun. */
class SuiteIT {
  @TempDir Path folder;

  @Test
  void twoProcessesAnswerAsOneDoes() {
    Program program = new Program(folder);
    String[] keys = {"-D", "train.steps=1", "-D", "model.initStd=0.3", "-D", "output.model=fp32"};
    Run trained = program.trainInProcess(1, "trained", keys);
    assertEquals(0, trained.job().exitCode(), trained.job().output());
    List<String> one = ask(program, 1);
    assertEquals(6, one.size());
    assertEquals(one, ask(program, 2));
  }

  private static List<String> ask(Program program, int ranks) {
    String input =
        """
        device.threads = 1
        output.plots = false
        infer.ranks = %d
        suite = { name = "lines", lengths = [1200], contexts = 2, questions = 2, newTokens = 20 }
        """;
    Path file = program.write("suite" + ranks + ".toml", input.formatted(ranks));
    Path output = program.file("answers" + ranks);
    String model = "model.checkpoint=" + program.file("trained/model");
    String[] command = {"evaluate", file.toString(), "-D", model, "-o", output.toString()};
    MpiJob.Result job = ranks == 1 ? program.inProcess(1, command) : program.mpirun(ranks, command);
    assertEquals(0, job.exitCode(), job.output());
    List<String> all = new ArrayList<>(new Run(job, output).lines("suite.csv"));
    all.addAll(new Run(job, output).lines("answers.jsonl"));
    return all;
  }
}
