package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.comm.MpiJob;
import ringattention.data.fasta.BasesTokenizerFile;

/** A genome in whole runs of every command, over ranks as threads. */
class GenomeRunTest {
  @TempDir Path folder;
  private Program program;

  /** Writes a genome whose next base is mostly the one before it but one: 1.13 bits. */
  @BeforeEach
  void program() throws IOException {
    program = new Program(folder);
    long seed = System.nanoTime();
    System.out.println("GenomeRunTest seed " + seed);
    Random random = new Random(seed);
    StringBuilder genome = new StringBuilder("AC");
    while (genome.length() < 20_000) {
      char before = genome.charAt(genome.length() - 2);
      genome.append(random.nextInt(10) < 7 ? before : "ACGT".charAt(random.nextInt(4)));
    }
    Files.writeString(program.file("genome.fa"), ">made\n" + genome);
  }

  private MpiJob.Result job(int ranks, String command, String... more) {
    List<String> all = new ArrayList<>(List.of(command, "inputs/genome.toml"));
    for (String key :
        List.of(
            "data.path=" + program.file("genome.fa"),
            "device.threads=1",
            "output.plots=false",
            "output.model=fp32",
            "model.hidden=16",
            "train.sequence=64",
            "train.steps=4",
            "checkpoint.every=2",
            "checkpoint.keep=9",
            "validation.sequences=20")) {
      all.addAll(List.of("-D", key));
    }
    all.addAll(List.of(more));
    return program.inProcess(ranks, all.toArray(String[]::new));
  }

  private Run run(int ranks, String command, String output, String... more) {
    List<String> all = new ArrayList<>(List.of("-o", program.file(output).toString()));
    all.addAll(List.of(more));
    Run run = new Run(job(ranks, command, all.toArray(String[]::new)), program.file(output));
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static double number(Run run, String name) {
    assertTrue(run.summary().has(name), name + " in " + run.summary());
    return run.summary().get(name).asDouble();
  }

  @Test
  void ranksAgreeRunsGoOnAndBitsAreCompared() throws IOException {
    Run one = run(1, "train", "one");
    Run two = run(2, "train", "two");
    for (int step = 0; step < 4; step++) {
      double loss = Double.parseDouble(one.column("loss").get(step));
      assertEquals(loss, Double.parseDouble(two.column("loss").get(step)), 1e-5 * loss);
    }
    String from = "checkpoint.resume=" + program.file("one/checkpoints/step_2");
    assertEquals(
        one.column("loss").subList(2, 4), run(1, "train", "on", "-D", from).column("loss"));
    MpiJob.Result other = job(1, "train", "-D", from, "-D", "fasta.reverseComplement=false");
    assertEquals(2, other.exitCode(), other.output());

    double bits = number(one, "validation_loss") / Math.log(2);
    assertEquals(bits, number(one, "validation_bits_per_base"), 1e-12);
    assertEquals(2, number(one, "uniform_bits_per_base"));
    double markov = number(one, "markov_bits_per_base");
    assertTrue(markov > 0.9 && markov < 1.4 && number(one, "markov_order") >= 2, "" + markov);

    Run evaluated = run(2, "evaluate", "asked", "-D", "checkpoint.resume=" + program.file("one"));
    assertEquals(bits, number(evaluated, "bits_per_base"), 1e-4);
    assertEquals(markov, number(evaluated, "markov_bits_per_base"), 0);
    assertEquals(20 * 64, number(evaluated, "bases"));
    Map<String, String> row = evaluated.row("positions.csv", 3);
    assertEquals(row.get("labels"), row.get("bases"));
    assertTrue(evaluated.job().output().contains("bits per base"), evaluated.job().output());
  }

  @Test
  void theModelIsExportedWithItsTokenizerAndContinues() throws IOException {
    run(1, "train", "run");
    Path model = program.file("run/model");
    assertEquals(BasesTokenizerFile.json(), Files.readString(model.resolve("tokenizer.json")));
    MpiJob.Result answered =
        job(
            1,
            "generate",
            "-o",
            program.file("answers").toString(),
            "-D",
            "model.checkpoint=" + model,
            "-D",
            "generate.maxNewTokens=5",
            "-D",
            "generate.ignoreEnd=true",
            "--prompt",
            "acgtAC\nGT");
    assertEquals(0, answered.exitCode(), answered.output());
    assertTrue(answered.output().contains("8 tokens read and 5 generated"), answered.output());
  }

  @Test
  void dataAreShown() {
    MpiJob.Result shown = job(2, "show-data");
    assertEquals(0, shown.exitCode(), shown.output());
    assertTrue(
        shown.output().contains("1 documents, 20001 tokens, 19999 of them learned"),
        shown.output());
    assertTrue(
        shown.output().matches("(?s).*\nA\\[\\[C[ACGT]{1022}\\]\\]\\.\\.\\.\\s*"), shown.output());
    assertEquals(0, job(1, "plan").exitCode());
  }
}
