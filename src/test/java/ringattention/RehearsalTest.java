package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The loss of a rehearsal, inside this process: a mean over the labels that count. */
class RehearsalTest {
  private Program program;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    String documents =
        IntStream.range(0, 40)
            .mapToObj(i -> "{\"text\": \"" + "river ".repeat(1 + i % 4) + i + "\"}")
            .collect(Collectors.joining("\n"));
    program.write("documents.jsonl", documents); // of 9 to 28 bytes, padded to 32
  }

  private Run run(int ranks, List<String> command, String... options) {
    Path output = program.file(command.get(command.size() - 1));
    List<String> arguments = new ArrayList<>(command);
    arguments.add(program.file("small.toml").toString());
    for (String option : options) {
      arguments.addAll(List.of("-D", option));
    }
    arguments.addAll(List.of("-o", output.toString()));
    Run run = new Run(program.inProcess(ranks, arguments.toArray(String[]::new)), output);
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private Run rehearsal(int ranks, String... options) {
    List<String> all =
        new ArrayList<>(List.of("benchTraining.tokens=[64]", "benchTraining.rehearse=1"));
    all.addAll(List.of(options));
    return run(ranks, List.of("bench", "training"), all.toArray(String[]::new));
  }

  /** A rehearsal takes the first micro-batch of every ring. */
  @ParameterizedTest(name = "{0} ranks in rings of {1}, {3} of {2} sequences at a time")
  @CsvSource({"1, 1, 1, 1", "2, 2, 2, 2", "2, 1, 2, 1", "1, 1, 4, 2"})
  void isThatOfGradients(int ranks, int ring, int batch, int atATime) {
    String data = "data.path=" + program.file("documents.jsonl");
    String[] corpus = {data, "data.format=jsonl", "data.documentMultiple=32"};
    List<String> options = new ArrayList<>(List.of(corpus));
    options.addAll(List.of("train.sequence=64", "parallel.ring=" + ring));
    int rings = ranks / ring;
    options.add("train.batch=" + atATime * rings);
    Run truth = run(ranks, List.of("gradients"), options.toArray(String[]::new));
    options.set(options.size() - 1, "train.batch=" + batch);
    options.add("train.microBatch=" + atATime);
    Run run = rehearsal(ranks, options.toArray(String[]::new));
    double loss = truth.summary().path("final_loss").asDouble();
    double labels = truth.summary().path("labels").asDouble();
    assertTrue(labels < 0.9 * 64 * atATime * rings, labels + " labels: padding is missing");
    String line =
        run.printed().stream().filter(one -> one.startsWith("# loss ")).findFirst().orElseThrow();
    assertEquals(loss, Double.parseDouble(line.substring("# loss ".length())), 1e-4);
  }

  @Test
  void aSequenceWithoutLabelsHasNoLoss() {
    String question = "why ".repeat(100);
    program.write(
        "long.jsonl",
        "{\"conversations\": [{\"from\": \"human\", \"value\": \""
            + question
            + "\"}, {\"from\": \"gpt\", \"value\": \"so\"}]}\n");
    Run run =
        rehearsal(
            1,
            "data.path=" + program.file("long.jsonl"),
            "data.format=conversations",
            "model.vocabulary=256");
    assertTrue(run.printed().contains("# no loss"), run.job().output());
    assertTrue(
        run.lines("checks.csv").contains("\"loss, 64 tokens\",1,,,NOT CHECKED"),
        run.lines("checks.csv").toString());
  }
}
