package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.MpiJob;

/**
 * The built program, each command once over a real MPI, and once each what processes alone show:
 * launch, output and exit code. What a command does is looked at where ranks are threads.
 */
class CommandIT {
  private Program program;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
  }

  /** What a command is asked, and what it must say and leave. */
  private record Asked(String command, int exitCode, String verdict, String file) {
    /**
     * @param line command, overrides separated by spaces, exit code, how a line must begin, and the
     *     file that must be in the output folder, if any
     */
    static Asked of(String line, Program program, Path output) {
      String[] parts = line.split("\\|", -1);
      List<String> words = new ArrayList<>(List.of(parts[0].split(" ")));
      words.add(program.file("small.toml").toString());
      for (String override : parts[1].split(" ")) {
        words.addAll(List.of("-D", override));
      }
      if (!parts[4].isEmpty()) {
        words.addAll(List.of("-o", output.toString()));
      }
      return new Asked(String.join("\t", words), Integer.parseInt(parts[2]), parts[3], parts[4]);
    }

    void requireAnswer(List<String> said, Path output) throws IOException {
      assertTrue(
          said.stream().anyMatch(line -> line.startsWith(verdict)),
          command + "\n" + String.join("\n", said));
      if (!file.isEmpty()) {
        assertTrue(Files.size(output.resolve(file)) > 0, command);
      }
    }
  }

  /** All of them in the same processes, which start once. */
  @Test
  void commandsRunOverMpi() throws IOException {
    List<String> lines =
        List.of(
            "validate|validate.lengths=[17] validate.growth=[64]|0|VALID: |checks.csv",
            "gradients|train.sequence=97|0|VALID: loss |gradients.safetensors",
            "plan|train.steps=9|0|total |",
            "bench attention|benchAttention.tokens=[64]|0|# VALID|attention.csv",
            "bench ring-exchange|benchRing.warmup=0|0|# VALID|ring_exchange.csv",
            "bench overlap|benchOverlap.tokens=[16] benchOverlap.heads=2 benchOverlap.headSize=16"
                + " benchOverlap.repeats=1 benchOverlap.bandwidths=[1e-4]|0|# VALID|overlap.csv",
            "bench memory|benchMemory.tokens=[32,64,128] benchMemory.feedForwardBlocks=[16,32]"
                + " lossHead.block=16|0|# VALID|memory.csv",
            "bench mfu|benchMfu.tokensPerRank=[64] benchMfu.batchTokens=128|0|# VALID|mfu.csv",
            "bench scaling|benchScaling.attentionTokens=64 benchScaling.attentionTotal=64"
                + " benchScaling.heads=2 benchScaling.headSize=16 benchScaling.trainingTokens=64"
                + " benchScaling.trainingTotal=128 benchScaling.repeats=2|0|# VALID|scaling.csv",
            "bench context|memory.deviceGiB=0.001 benchContext.prove=false|3|# INVALID"
                + "|context.csv");
    List<Asked> all = new ArrayList<>();
    for (String line : lines) {
      all.add(Asked.of(line, program, program.file("output-" + all.size())));
    }
    Path file = program.file("commands");
    Files.write(file, all.stream().map(Asked::command).toList());
    MpiJob.Result job =
        MpiJob.runProgram(2, Duration.ofSeconds(180), CommandsInTurn.class, file.toString());
    assertEquals(0, job.exitCode(), job.output());
    List<String> said = job.output().lines().toList();
    int from = 0;
    for (int number = 0; number < all.size(); number++) {
      int end = said.indexOf(CommandsInTurn.end(number, all.get(number).exitCode()));
      assertTrue(end >= from, all.get(number).command() + "\n" + job.output());
      all.get(number).requireAnswer(said.subList(from, end), program.file("output-" + number));
      from = end + 1;
    }
  }

  /** One rank, and an exit code that is no error of the program: mpirun gives it back too. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1; bench kernels|benchKernels.tokens=16|0|# VALID|kernels.csv",
        "2; bench training|benchTraining.tokens=[64] train.learningRate=1e30 train.clipNorm=0|3"
            + "|# INVALID|training.csv"
      })
  void aBenchmarkIsAJob(int ranks, String line) throws IOException {
    Path output = program.file("output");
    Asked asked = Asked.of(line, program, output);
    Run run = new Run(program.mpirun(ranks, asked.command().split("\t")), output);
    assertEquals(asked.exitCode(), run.job().exitCode(), run.job().output());
    asked.requireAnswer(run.printed(), output);
  }

  @Test
  void helpAndVersionNeedNoMpirun() {
    MpiJob.Result help = program.inProcessAlone("-h");
    assertEquals(0, help.exitCode(), help.output());
    for (String command : List.of("train", "validate", "bench attention", "plan", "--dry-run")) {
      assertTrue(help.output().contains("  " + command), help.output());
    }
    MpiJob.Result version = program.alone("--version");
    assertEquals(0, version.exitCode(), version.output());
    assertTrue(
        version.output().matches("(?s).*ringattention \\d+\\.\\d+\\.\\d+ \\(git \\S+\\)\\R"),
        version.output());
  }

  /** A job that is refused says so once, and mpirun gives its exit code back. */
  @Test
  void refusalIsOneLineAndExitCode2() {
    Path output = program.file("output");
    String absent = program.file("absent.txt").toString();
    Run run =
        new Run(
            program.mpirun(
                3,
                "train",
                program.file("small.toml").toString(),
                "-o",
                output.toString(),
                "-D",
                "data.path=" + absent),
            output);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(1, run.errors().size(), run.job().output());
    assertTrue(run.errors().get(0).contains("no such file or folder"), run.errors().get(0));
    assertTrue(Files.notExists(output), "left " + output);
    assertEquals(run.errors().get(0), run.job().output().strip(), "mpirun says it again");
  }

  /** Without mpirun, too, and it is there before the process has ended. */
  @Test
  void refusalWithoutMpirunIsTheOnlyLine() {
    MpiJob.Result job = program.alone("train", "absent.toml");
    assertEquals(2, job.exitCode(), job.output());
    assertEquals("ringattention: absent.toml: no such file", job.output().strip());
  }

  /**
   * At level debug a rank that fails says where in the program; else it does not ({@link TrainIT}).
   */
  @Test
  void debugShowsWhereARankFails() {
    String[] fault = {"-D", "fault.rank=1", "-D", "fault.step=3", "--log-level=debug"};
    Run debug = program.train(2, "failed-debug", fault);
    assertEquals(1, debug.job().exitCode(), debug.job().output());
    assertTrue(
        debug.job().output().contains("\tat ringattention.train.TrainingLoop.failOnPurpose"),
        debug.job().output());
  }

  /** Processes that MPICH's mpirun has started find only themselves; each would be a whole job. */
  @Test
  void aLauncherOfAnotherMpiIsRefused() {
    MpiJob.Result job =
        MpiJob.runAlone(
            Duration.ofSeconds(60),
            List.of(
                "env",
                "PMI_RANK=0",
                "PMI_SIZE=2",
                "bin/ringattention",
                "train",
                program.file("small.toml").toString(),
                "-o",
                program.file("output").toString()));
    assertEquals(2, job.exitCode(), job.output());
    assertTrue(
        job.output().contains("ringattention: the launcher started 2 ranks, and each finds only"),
        job.output());
    assertTrue(Files.notExists(program.file("output")), "left its folder");
  }

  /** Without mpi.jar or its native library the program says which MPI has them. */
  @Test
  void anMpiWithoutJavaBindingsIsRefused() {
    MpiJob.Result job =
        MpiJob.runAlone(
            Duration.ofSeconds(60),
            List.of(
                "env",
                "OMPI_COMM_WORLD_SIZE=2",
                "OMPI_COMM_WORLD_LOCAL_SIZE=2",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "-cp",
                "target/ringattention.jar:target/lib/*",
                "ringattention.Main",
                "train",
                program.file("small.toml").toString()));
    assertEquals(2, job.exitCode(), job.output());
    assertTrue(job.output().contains("Java library does not load"), job.output());
    assertTrue(job.output().contains("Java bindings end with Open MPI 5.0"), job.output());
  }

  /** The program has no library for Parquet; who needs it is told how to get it. */
  @Test
  void parquetWithoutItsLibrariesIsRefused() {
    MpiJob.Result job =
        MpiJob.runAlone(
            Duration.ofSeconds(60),
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "-cp",
                "target/ringattention.jar:target/lib/*",
                "ringattention.Main",
                "show-data",
                program
                    .write(
                        "rows.toml",
                        "data = { format = \"jsonl\", path ="
                            + " \"src/test/resources/parquet/texts-zstd.parquet\" }\n")
                    .toString()));
    assertEquals(2, job.exitCode(), job.output());
    assertTrue(job.output().contains("needs the libraries of Parquet"), job.output());
    assertTrue(job.output().contains("make parquet"), job.output());
  }

  /** Native code reads tokenizers: here a crash of the process would be seen as one. */
  @Test
  void brokenTokenizerDoesNotCrash() {
    program.write(
        "tokenizer.json",
        """
        {"model": {"vocab": {"</s>": 0}}, "post_processor": {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "x", "type_id": 0}}], "pair": [], "special_tokens": {}}}
        """);
    MpiJob.Result job =
        program.alone(
            "train",
            program.file("small.toml").toString(),
            "-o",
            program.file("output").toString(),
            "-D",
            "data.tokenizer=" + program.file(""));
    assertEquals(2, job.exitCode(), job.output());
    assertTrue(job.output().contains("not one of its special_tokens"), job.output());
  }
}
