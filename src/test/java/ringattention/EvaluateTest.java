package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.MpiJob;

/** Held-out loss: whole programs, over ranks as threads. */
class EvaluateTest {
  private static final double ROUNDING = 1e-5;

  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void program() {
    program = new Program(folder);
  }

  private Run evaluate(int ranks, String output, String... keys) {
    List<String> arguments =
        new ArrayList<>(List.of("evaluate", program.file("small.toml").toString(), "-o"));
    arguments.add(program.file(output).toString());
    for (String key : keys) {
      arguments.addAll(key.startsWith("--") ? List.of(key) : List.of("-D", key));
    }
    MpiJob.Result job = program.inProcess(ranks, arguments.toArray(String[]::new));
    return new Run(job, program.file(output));
  }

  private Run train(int ranks, String output, String... keys) {
    List<String> arguments = new ArrayList<>();
    for (String key : keys) {
      arguments.addAll(List.of("-D", key));
    }
    return valid(program.trainInProcess(ranks, output, arguments.toArray(String[]::new)));
  }

  private static Run valid(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static JsonNode summary(Run run) throws IOException {
    return new ObjectMapper().readTree(run.folder().resolve("summary.json").toFile());
  }

  private static double loss(Run run) throws IOException {
    return summary(run).get("loss").doubleValue();
  }

  private String trained() {
    train(1, "trained", "train.steps=4", "train.batch=2", "checkpoint.atEnd=true");
    return "checkpoint.resume=" + program.file("trained");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void noNumberOfRanksAndRingsChangesIt(boolean documents) throws IOException {
    String resume = trained();
    String packed = "data.documents=" + documents;
    JsonNode one = summary(valid(evaluate(1, "one", resume, packed)));
    String[][] others = {
      {"2", "parallel.ring=2"},
      {"2", "parallel.ring=1"},
      {"4", "parallel.ring=2"},
      {"4", "parallel.ring=4"}
    };
    for (String[] other : others) {
      int ranks = Integer.parseInt(other[0]);
      String output = "ranks-" + ranks + other[1];
      Run run = valid(evaluate(ranks, output, resume, packed, other[1], "train.batch=2"));
      JsonNode same = summary(run);
      assertEquals(one.get("loss").doubleValue(), same.get("loss").doubleValue(), ROUNDING);
      for (String exact : List.of("labels", "bytes", "accuracy")) {
        assertEquals(one.get(exact), same.get(exact), exact);
      }
      List<String> own = run.lines("positions.csv");
      assertEquals(lines("one/positions.csv").size(), own.size());
    }
  }

  private List<String> lines(String file) throws IOException {
    return Files.readAllLines(program.file(file));
  }
}
