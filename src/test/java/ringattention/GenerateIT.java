package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Generates with the built program under mpirun, also when somebody presses Ctrl-C. */
class GenerateIT {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @TempDir Path folder;
  private Program program;
  private GenerateRuns runs;

  @BeforeEach
  void train() {
    program = new Program(folder);
    String[] keys = {"-D", "train.steps=1", "-D", "model.initStd=0.3", "-D", "output.model=fp32"};
    Run run = program.trainInProcess(1, "trained", keys);
    assertEquals(0, run.job().exitCode(), run.job().output());
    runs = new GenerateRuns(folder, "model.checkpoint=" + program.file("trained/model"));
  }

  @Test
  void twoProcessesAnswerAsOneDoes() throws Exception {
    Run one = runs.valid(1, "one", "--prompt", "One two", "generate.maxNewTokens=90");
    Files.writeString(program.file("typed.txt"), "One two\n");
    Process typed = start("typed", program.file("typed.txt").toFile(), "generate.maxNewTokens=90");
    assertTrue(typed.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
    assertEquals(0, typed.exitValue());
    GenerateRuns.assertSameAnswers(
        GenerateRuns.answers(one), GenerateRuns.answers(new Run(null, program.file("typed"))));
  }

  /** Starts the command on two ranks, with a file as standard input. */
  private Process start(String output, File input, String... keys) throws IOException {
    List<String> command =
        new ArrayList<>(List.of("tools/mpirun.sh", "-np", "2", "bin/ringattention"));
    command.addAll(List.of(runs.arguments(2, output, keys)));
    return new ProcessBuilder(command)
        .redirectInput(input)
        .redirectErrorStream(true)
        .redirectOutput(program.file(output + ".log").toFile())
        .start();
  }

  /**
   * One rank hears of it, where both answer or one waits; all write what they have. The rest is
   * made by the same command.
   */
  @ParameterizedTest
  @ValueSource(ints = {2, 1})
  void interruptedAnswersAreMadeWhenResumed(int answering) throws Exception {
    String run = "run-" + answering;
    String prompts =
        runs.prompts(
            "prompts.jsonl",
            List.of(
                "{\"id\": \"short\", \"prompt\": \"One\", \"maxNewTokens\": 3}",
                "{\"id\": \"long\", \"prompt\": \"Two\"}",
                "{\"id\": \"waits\", \"prompt\": \"Three\", \"maxNewTokens\": 5}"));
    String[] keys = {
      prompts,
      "generate.batch=1",
      "generate.ignoreEnd=true",
      "generate.maxNewTokens=8000",
      "infer.ranks=" + answering
    };
    Run whole = runs.valid(1, "whole-" + answering, Arrays.copyOf(keys, 4));
    Process job = start(run, Path.of("/dev/null").toFile(), keys);
    Path answers = program.file(run + "/generations.jsonl");
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!Files.exists(answers) || Files.size(answers) == 0) {
      assertTrue(job.isAlive() && System.nanoTime() < end, "no answer yet");
      Thread.sleep(20);
    }
    Thread.sleep(200); // of the long one
    List<ProcessHandle> ranks =
        job.descendants()
            .filter(one -> one.info().command().orElse("").endsWith("java"))
            .collect(Collectors.toList());
    assertEquals(2, ranks.size());
    long pid = ranks.get(1).pid();
    assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(pid)).start().waitFor());
    assertTrue(job.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
    String log = Files.readString(program.file(run + ".log"));
    assertEquals(75, job.exitValue(), log);
    assertTrue(log.contains("STOPPED: 1 answers, "), log);
    Map<String, JsonNode> stopped = GenerateRuns.answers(new Run(null, program.file(run)));
    assertEquals(List.of("short 0", "long 0"), List.copyOf(stopped.keySet()));
    assertEquals("interrupted", stopped.get("long 0").get("finish").textValue());
    String begun = stopped.get("long 0").get("text").textValue();
    Map<String, JsonNode> expected = GenerateRuns.answers(whole);
    // a character may be cut where the answer was
    assertTrue(
        expected
            .get("long 0")
            .get("text")
            .textValue()
            .startsWith(begun.replaceFirst(".{1,3}$", "")));
    assertTrue(begun.length() > 3, begun);
    String[] resumed = {keys[0], keys[1], keys[2], keys[3], keys[4], "--resume"};
    GenerateRuns.assertSameAnswers(expected, GenerateRuns.answers(runs.valid(2, run, resumed)));
  }
}
