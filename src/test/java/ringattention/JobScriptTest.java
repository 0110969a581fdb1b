package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The job scripts in a folder of their own, with shell scripts in place of Slurm's commands and of
 * the launcher, which is the run. make test-slurm tries them on a real Slurm.
 */
@Timeout(30)
class JobScriptTest {
  private static final String CHECKPOINT =
      "mkdir -p outputs/small-7/checkpoints/step_%d; : > outputs/small-7/checkpoints/step_%1$d/DONE; ";

  /** A run that is told to stop and ends by a signal of its own, without a checkpoint. */
  private static final String CRASH =
      "trap 'exit 137' USR1; kill -USR1 $PPID; while :; do /bin/sleep 0.02; done";

  @TempDir Path folder;
  private final Map<String, String> environment = new LinkedHashMap<>();

  /**
   * @param calls of Slurm's commands and the launcher, a line each
   */
  private record Result(int exitCode, String log, List<String> calls) {
    String call(String command) {
      List<String> found = calls.stream().filter(line -> line.startsWith(command + " ")).toList();
      assertEquals(1, found.size(), this.toString());
      return found.get(0);
    }

    void says(String text) {
      assertTrue(log.contains(text), this.toString());
    }
  }

  @BeforeEach
  void makeProgram() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("slurm"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.createDirectories(folder.resolve(file).getParent());
        Files.copy(file, folder.resolve(file));
      }
    }
    Files.createDirectories(folder.resolve("outputs"));
    environment.putAll(
        Map.of(
            "SLURM_SUBMIT_DIR", folder.toString(),
            "SLURM_JOB_ID", "7",
            "SLURM_NTASKS", "8",
            "SLURM_JOB_NUM_NODES", "1",
            "SLURM_JOB_NODELIST", "n0",
            "SLURM_JOB_PARTITION", "gpu",
            "SLURM_CPUS_PER_TASK", "12",
            "BIND", "cores",
            "CALLS", folder.resolve("calls").toString(),
            "PATH", folder.resolve("fake") + ":" + System.getenv("PATH")));
    command("fake/squeue", "case $* in *%T) echo RUNNING ;; *) echo 1-00:00:00 ;; esac");
    command("fake/sbatch", "");
    command("fake/scontrol", "");
    command("fake/sleep", "");
    command("fake/srun", "");
    run("");
  }

  /** Notes its call, then does what the script says. */
  private void command(String name, String script) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/bash\necho \"${0##*/} $*\" >> \"$CALLS\"\n" + script + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }

  /** What the launcher does. */
  private void run(String script) throws IOException {
    command("tools/mpirun.sh", script);
  }

  private Result submit(String script, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("bash", "slurm/" + script));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    for (String name : List.of("SITE", "LAUNCHER", "REQUEUE", "SWEEP", "RUN_FOLDER")) {
      builder.environment().remove(name);
    }
    builder.environment().putAll(environment);
    Files.deleteIfExists(folder.resolve("calls"));
    Process process = builder.start();
    String log = new String(process.getInputStream().readAllBytes());
    int exitCode = process.waitFor();
    Path calls = folder.resolve("calls");
    return new Result(exitCode, log, Files.exists(calls) ? Files.readAllLines(calls) : List.of());
  }

  private Result train(String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("inputs/small.toml"));
    arguments.addAll(List.of(more));
    return submit("train.sbatch", arguments.toArray(String[]::new));
  }

  private static boolean queued(Result result) {
    return result.calls.stream()
        .anyMatch(line -> line.startsWith("sbatch") || line.startsWith("scontrol requeue"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"requeue", "submit"})
  void aRunThatGainsNothingIsQueuedAgainOnce(String how) throws Exception {
    environment.put("REQUEUE", how);
    run(CRASH);
    Result first = train();
    assertEquals(137, first.exitCode, first.toString());
    assertTrue(queued(first), first.toString());
    Result second = train();
    assertEquals(137, second.exitCode, second.toString());
    assertFalse(queued(second), second.toString());
    second.says("not queued again");
    assertTrue(queued(train()), "by hand again");
  }

  @Test
  void aRunThatGainsACheckpointIsQueuedAgainEachTime() throws Exception {
    for (int step = 9; step < 12; step++) { // 10 is after 9
      run(CHECKPOINT.formatted(step) + "exit 75");
      Result result = train();
      assertEquals(75, result.exitCode, result.toString());
      assertEquals("scontrol requeue 7", result.call("scontrol"));
    }
    Result stuck = train();
    assertTrue(queued(stuck), "once without a newer one");
    assertFalse(queued(train()), "and not twice");
  }

  /** A newer checkpoint is there, but not whole. */
  @Test
  void halfACheckpointIsNone() throws Exception {
    run("mkdir -p outputs/small-7/checkpoints/step_$RANDOM; exit 75");
    assertTrue(queued(train()));
    assertFalse(queued(train()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void aRunThatHasEndedIsNotQueuedAgain(int exitCode) throws Exception {
    run(CHECKPOINT.formatted(5) + "exit " + exitCode);
    Result result = train();
    assertEquals(exitCode, result.exitCode, result.toString());
    assertFalse(queued(result), result.toString());
  }

  @Test
  void aCancelledJobIsNotQueuedAgain() throws Exception {
    command("fake/squeue", "echo COMPLETING");
    run(CHECKPOINT.formatted(5) + "exit 75");
    assertFalse(queued(train()));
  }

  @Test
  void aFailingSqueueDoesNotEndARun() throws Exception {
    command("fake/squeue", "echo 'Unable to contact slurm controller' >&2; exit 1");
    run(CHECKPOINT.formatted(5) + "exit 75");
    environment.put("REQUEUE", "submit");
    Result result = train();
    assertFalse(result.call("sbatch").contains("--time"), result.toString());
    assertEquals(
        10, result.calls.stream().filter(line -> line.startsWith("squeue")).count(), "five tries");
  }

  @Test
  void aFailingRequeueIsTriedAgainThenSaid() throws Exception {
    run(CHECKPOINT.formatted(5) + "exit 75");
    command("fake/scontrol", "exit 1");
    Result result = train();
    assertEquals(75, result.exitCode);
    assertEquals(
        5, result.calls.stream().filter(line -> line.startsWith("scontrol")).count(), "five tries");
    result.says("by hand: RUN_FOLDER=outputs/small-7 sbatch");
  }

  @Test
  void aNewJobIsGivenFolderAndSettings() throws Exception {
    Files.writeString(folder.resolve("own.sh"), "true\n");
    environment.putAll(Map.of("REQUEUE", "submit", "SITE", "own.sh", "RUN_FOLDER", "a,b/run"));
    environment.put("SLURM_RESTART_COUNT", "3");
    command("fake/sbatch", "env | grep -E '^(SITE|RUN_FOLDER|SLURM_R.*|LAUNCHER|REQUEUE)=' | sort");
    run("mkdir -p a,b/run/checkpoints/step_2; : > a,b/run/checkpoints/step_2/DONE; exit 75");
    Result result = train("-D", "train.steps=9");
    String call = result.call("sbatch");
    assertTrue(
        call.startsWith("sbatch --export=ALL,RUN_FOLDER,LAUNCHER,SITE,SWEEP,REQUEUE,BIND "), call);
    assertTrue(call.contains("--time=1-00:00:00"), call);
    assertTrue(call.endsWith("slurm/train.sbatch inputs/small.toml -D train.steps=9"), call);
    result.says("LAUNCHER=mpirun\nREQUEUE=submit\nRUN_FOLDER=a,b/run\nSITE=./own.sh\n");
  }

  @ParameterizedTest
  @CsvSource({"2:00, false", "5:00, false", "0:30, false", "5:01, true", "1-00:00:00, true"})
  void aTimeBelowTheWarningIsNotQueuedAgain(String limit, boolean again) throws Exception {
    command("fake/squeue", "case $* in *%T) echo RUNNING ;; *) echo " + limit + " ;; esac");
    run(CHECKPOINT.formatted(5) + "kill -USR1 $PPID; exit 75");
    Result result = train();
    assertEquals(again, queued(result), result.toString());
    assertEquals(!again, result.log.contains("not longer than the warning"), result.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "absent.sh   | true | cannot be read",
        "site.sh     | nonesuch load cuda/99; export A=1  | line 1 failed, exit status 127",
        "site.sh     | return 3                           | failed, exit status 3",
        "./site.sh   | module() { return 1; }; module load x; true | line 1 failed, exit status 1",
      })
  void aProfileThatFailsEndsTheJob(String site, String text, String message) throws Exception {
    Files.writeString(folder.resolve("site.sh"), text + "\n");
    environment.put("SITE", site);
    Result result = train();
    assertEquals(2, result.exitCode, result.toString());
    result.says(message);
    assertEquals(List.of(), result.calls);
  }

  @Test
  void whatAProfileCallsMayFailInside() throws Exception {
    Files.writeString(folder.resolve("inner.sh"), "false; grep -q x /dev/null; true\n");
    Files.writeString(
        folder.resolve("site.sh"),
        "module() { false; return 0; }\nmodule load x\n. ./inner.sh\n[ -d /nowhere ] && A=1\n"
            + "mpi_options=(--mca a b)\n");
    environment.put("SITE", "site.sh");
    Result result = train();
    assertEquals(0, result.exitCode, result.toString());
    assertTrue(result.call("mpirun.sh").contains(" --mca a b slurm/rank.sh "), result.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "1, 12, --map-by ppr:8:node:PE=12 --bind-to core slurm/rank.sh bin/ringattention",
    "2, 1, --map-by ppr:4:node:PE=1 --bind-to core slurm/rank.sh bin/ringattention",
    "2, 12, --map-by ppr:4:node --bind-to none slurm/rank.sh --cores 12 bin/ringattention",
  })
  void mpirunBindsRanksOfOneNodeOnly(String nodes, String cores, String expected) throws Exception {
    environment.putAll(Map.of("SLURM_JOB_NUM_NODES", nodes, "SLURM_CPUS_PER_TASK", cores));
    String call = train().call("mpirun.sh");
    assertTrue(call.startsWith("mpirun.sh -np 8 " + expected), call);
  }

  @Test
  void srunKeepsNeighboursTogether() throws Exception {
    environment.put("LAUNCHER", "srun");
    environment.put("SITE", "site.sh");
    environment.put("SLURM_EXPORT_ENV", "NONE");
    Files.writeString(folder.resolve("site.sh"), "srun_options=(--distribution=plane=4)\n");
    command("fake/srun", "echo \"export=${SLURM_EXPORT_ENV-unset}\"");
    Result result = train();
    String call = result.call("srun");
    assertTrue(
        call.contains("--distribution=block:block --distribution=plane=4 slurm/rank.sh"), call);
    result.says("export=unset");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "1000"})
  void openMpsThreadsAreNotTheNodesCores(String threads) throws Exception {
    environment.put("OMP_NUM_THREADS", threads);
    environment.put("OMP_THREAD_LIMIT", threads);
    environment.remove("BIND");
    int online = Runtime.getRuntime().availableProcessors();
    environment.putAll(Map.of("SLURM_NTASKS", "1", "SLURM_CPUS_PER_TASK", "" + online));
    train().says("bound to cores");
    environment.put("SLURM_CPUS_PER_TASK", "" + (online + 1));
    train().says("bound to none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1 | <-D><data.extensions=[\"java\", \"md\"]>",
        "2 | <-D><a=it's 2>",
        "4 | <-D><c=[1]>",
        "5 | <-D><d=\"x\">",
      })
  void aSweepIsReadAsAShellReadsIt(String task, String expected) throws Exception {
    sweep(task);
    Files.writeString(folder.resolve("c=1"), "");
    run("shift 7; printf '<%s>' \"$@\"");
    train().says("<train><inputs/small.toml>" + expected + "<-o><outputs/small-5_" + task + ">");
  }

  @ParameterizedTest
  @CsvSource({"3, line 3 holds no options", "6, line 6 cannot be read", "7, has no line 7"})
  void aSweepThatCannotBeReadIsRefused(String task, String message) throws Exception {
    sweep(task);
    Result result = train();
    assertEquals(2, result.exitCode, result.toString());
    result.says(message);
  }

  private void sweep(String task) throws IOException {
    Files.writeString(
        folder.resolve("sweep.txt"),
        "-D 'data.extensions=[\"java\", \"md\"]' # a comment\n"
            + "-D \"a=it's 2\"\r\n"
            + "\n"
            + "-D c=[1]\n"
            + "-D \"d=\\\"x\\\"\"\n"
            + "-D 'open\n");
    environment.putAll(
        Map.of("SWEEP", "sweep.txt", "SLURM_ARRAY_JOB_ID", "5", "SLURM_ARRAY_TASK_ID", task));
  }

  @ParameterizedTest
  @CsvSource({
    "validate.sbatch, -D x=1, validate inputs/validate-gpu.toml -D x=1 -o outputs/validate-gpu-7",
    "validate.sbatch, my.toml -D x=1, validate my.toml -D x=1 -o outputs/my-7",
    "bench.sbatch, attention -D x=1, "
        + "bench attention inputs/bench-gpu.toml -D x=1 -o outputs/bench-attention-7",
    "bench.sbatch, attention my.toml, bench attention my.toml -o outputs/bench-attention-7",
  })
  void optionsAloneGoWithTheInputForGpus(String script, String arguments, String expected)
      throws Exception {
    String call = submit(script, arguments.split(" ")).call("mpirun.sh");
    assertTrue(call.endsWith(" bin/ringattention " + expected), call);
  }

  @ParameterizedTest
  @CsvSource({
    "train.sbatch, -D a=1, , must be INPUT.toml",
    "bench.sbatch, -D a=1, , must be what to measure",
    "train.sbatch, a.toml, REQUEUE=agian, must be requeue or submit",
    "train.sbatch, a.toml, BIND=core, must be cores or none",
    "train.sbatch, a.toml, LAUNCHER=mpiexec, must be mpirun or srun",
    "train.sbatch, a.toml, SWEEP=absent.txt, without an array",
  })
  void badWordsAreRefused(String script, String arguments, String setting, String message)
      throws Exception {
    if (setting != null) {
      environment.put(setting.split("=")[0], setting.split("=")[1]);
    }
    Result result = submit(script, arguments.split(" "));
    assertEquals(2, result.exitCode, result.toString());
    result.says(message);
  }

  /**
   * Two sockets of two cores of two threads, numbered as machines do: threads last, sockets in
   * turn.
   */
  @ParameterizedTest
  @CsvSource({
    "0, 2, 2, '0-7', '0,4,2,6', ''",
    "1, 2, 2, '0-7', '1,5,3,7', ''",
    "1, 4, 1, '0-7', '2,6', ''",
    "1, 2, 1, '0-2', '2', ''",
    "0, 2, 2, '0-2', '', 'not bound: no 2 cores for each of 2 ranks'",
  })
  void aRankBindsItselfToCoresOfOneSocket(
      String rank, String ranks, String cores, String allowed, String expected, String message)
      throws Exception {
    command(
        "fake/lscpu",
        "echo '# CPU,Core,Socket,Node'; for cpu in 0 1 2 3 4 5 6 7; do"
            + " echo $cpu,$((cpu % 4)),$((cpu % 2)),; done");
    command(
        "fake/taskset", "[ $# = 3 ] || echo \"pid $2's current affinity list: " + allowed + "\"");
    environment.putAll(
        Map.of("OMPI_COMM_WORLD_LOCAL_RANK", rank, "OMPI_COMM_WORLD_LOCAL_SIZE", ranks));
    Result result = submit("rank.sh", "--cores", cores, "echo", "the program");
    result.says("the program");
    List<String> bound =
        result.calls.stream()
            .filter(line -> line.matches("taskset -cp [0-9,]+ [0-9]+"))
            .map(line -> line.split(" ")[2])
            .toList();
    assertEquals(expected.isEmpty() ? List.of() : List.of(expected), bound, result.toString());
    result.says(message);
  }
}
