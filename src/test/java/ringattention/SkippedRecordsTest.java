package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was left out of a corpus is in the log of every command that learns or measures it. */
class SkippedRecordsTest {
  @TempDir Path folder;

  private static void assertTold(Run run, String corpus, String before) throws IOException {
    assertEquals(0, run.job().exitCode(), run.job().output());
    String log = String.join(" ", run.lines("run.log")).replaceAll("\\s+", " ");
    assertTrue(log.contains(before + "skipped 2 of 22 records (data.skipBad), by reason: "), log);
    assertTrue(log.contains("1 x must be a JSON object (" + corpus + ":21)"), log);
    String start =
        run.lines("run.jsonl").stream()
            .filter(line -> line.contains("\"start\""))
            .findFirst()
            .orElseThrow();
    assertEquals(2, new ObjectMapper().readTree(start).get("skipped_records").asInt(), start);
  }

  @Test
  void trainAndEvaluateSayThem() throws IOException {
    Program program = new Program(folder);
    String text = "{\"text\": \"some words to learn\"}\n".repeat(20) + "7\n{\"text\": 7}\n";
    Path learned = program.write("learned.jsonl", text);
    Path held = program.write("held.jsonl", text);
    List<String> keys =
        List.of(
            "-D", "data.path=" + learned,
            "-D", "data.format=jsonl",
            "-D", "data.skipBad=true",
            "-D", "train.sequence=32",
            "-D", "train.steps=2",
            "-D", "validation.path=" + held,
            "-D", "checkpoint.atEnd=true");
    Run trained = program.trainInProcess(2, "trained", keys.toArray(String[]::new));
    assertTold(trained, learned.toString(), "");
    assertTold(trained, held.toString(), "not learned: ");
    var job =
        program.inProcess(
            1,
            "evaluate",
            program.file("small.toml").toString(),
            "-o",
            program.file("evaluated").toString(),
            "-D",
            "data.format=jsonl",
            "-D",
            "data.skipBad=true",
            "-D",
            "data.path=" + held,
            "-D",
            "train.sequence=32",
            "-D",
            "checkpoint.resume=" + program.file("trained"));
    assertTold(new Run(job, program.file("evaluated")), held.toString(), "");
  }
}
