package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.MpiJob;

/**
 * The built program, once for each command: launch, output and exit code under mpirun. What a
 * command does is looked at where ranks are threads.
 */
class CommandIT {
  private Program program;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
  }

  /**
   * @param overrides of the input, separated by spaces
   * @param verdict how a line must begin
   * @param file that must be in the output folder
   */
  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "2|validate|validate.lengths=[17] validate.growth=[64]|0|VALID: |checks.csv",
        "2|gradients|train.sequence=97|0|VALID: loss |gradients.safetensors",
        "2|plan|train.steps=9|0|total |",
        "1|bench kernels|benchKernels.tokens=16|0|# VALID|kernels.csv",
        "2|bench attention|benchAttention.tokens=[64]|0|# VALID|attention.csv",
        "2|bench ring-exchange|benchRing.warmup=0|0|# VALID|ring_exchange.csv",
        "2|bench overlap|benchOverlap.tokens=[16] benchOverlap.heads=2 benchOverlap.headSize=16"
            + " benchOverlap.repeats=1 benchOverlap.bandwidths=[1e-4]|0|# VALID|overlap.csv",
        "2|bench memory|benchMemory.tokens=[32,64,128] benchMemory.feedForwardBlocks=[16,32]"
            + " lossHead.block=16|0|# VALID|memory.csv",
        "2|bench mfu|benchMfu.tokensPerRank=[64] benchMfu.batchTokens=128|0|# VALID|mfu.csv",
        "2|bench scaling|benchScaling.attentionTokens=64 benchScaling.attentionTotal=64"
            + " benchScaling.heads=2 benchScaling.headSize=16 benchScaling.trainingTokens=64"
            + " benchScaling.trainingTotal=128 benchScaling.repeats=2|0|# VALID|scaling.csv",
        "2|bench context|memory.deviceGiB=0.001 benchContext.prove=false|3|# INVALID|context.csv",
        "2|bench training|benchTraining.tokens=[64] train.learningRate=1e30 train.clipNorm=0|3"
            + "|# INVALID|training.csv",
      })
  void runsUnderMpirun(
      int ranks, String command, String overrides, int exitCode, String verdict, String file)
      throws IOException {
    Path output = program.file("output");
    List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
    arguments.add(program.file("small.toml").toString());
    for (String override : overrides.split(" ")) {
      arguments.addAll(List.of("-D", override));
    }
    if (file != null) {
      arguments.addAll(List.of("-o", output.toString()));
    }
    Run run = new Run(program.mpirun(ranks, arguments.toArray(String[]::new)), output);
    assertEquals(exitCode, run.job().exitCode(), run.job().output());
    assertTrue(
        run.printed().stream().anyMatch(line -> line.startsWith(verdict)), run.job().output());
    if (file != null) {
      assertTrue(Files.size(output.resolve(file)) > 0, file);
    }
  }

  @Test
  void helpAndVersionNeedNoMpirun() {
    MpiJob.Result help = program.alone("-h");
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

  /** A rank that fails says so in one line; at level debug it says where in the program. */
  @Test
  void failureIsOneLineAndDebugShowsWhere() {
    String[] fault = {"-D", "fault.rank=1", "-D", "fault.step=3"};
    Run run = program.train(2, "failed", fault);
    assertEquals(1, run.job().exitCode(), run.job().output());
    assertTrue(run.job().output().contains("rank 1 of 2 on "), run.job().output());
    assertFalse(run.job().output().contains("MPI_ABORT"), run.job().output());
    assertFalse(run.job().output().contains("failOnPurpose"), run.job().output());
    Run debug =
        program.train(
            2,
            "failed-debug",
            Stream.concat(Stream.of(fault), Stream.of("--log-level=debug")).toArray(String[]::new));
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
