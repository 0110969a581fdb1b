package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** bin/ringattention in a home of its own, with a shell script in place of the JVM. */
@Timeout(30)
class LauncherTest {
  private static final String VECTOR_WARNING =
      "WARNING: Using incubator modules: jdk.incubator.vector";

  @TempDir Path folder;
  private Path home;

  private record Result(int exitCode, List<String> output, List<String> errors) {}

  @BeforeEach
  void makeHome() throws IOException {
    home = folder.resolve("home of the program");
    write("target/ringattention.jar", "");
    write("target/lib/b.jar", "");
    write("target/lib/a.jar", "");
    write("build/mpi/env", "OMPI_LIB_DIR=/opt/mpi/lib\nMPI_CUDA=1\n");
    Path launcher = write("bin/ringattention", Files.readString(Path.of("bin", "ringattention")));
    assertTrue(launcher.toFile().setExecutable(true));
    write(
        "bin/cuda-libraries.sh",
        "cuda_root='"
            + home.resolve("machine")
            + "'\n"
            + Files.readString(Path.of("bin", "cuda-libraries.sh")));
  }

  private Path write(String name, String text) throws IOException {
    Path file = home.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  /** The search for its libraries, a hundred processes each time, is for other tests to see. */
  private void hasGpuWithoutLibraries() throws IOException {
    write("machine/dev/nvidia0", "");
    Path search = home.resolve("bin/cuda-libraries.sh");
    String none = "find_cuda_libraries() { cuda_front=; cuda_back=; }\n";
    Files.writeString(search, Files.readString(search) + none);
  }

  private ProcessBuilder launch(Path launcher, String jvmScript, String... arguments)
      throws IOException {
    Path java = write("jdk/bin/java", "#!/bin/sh\n" + jvmScript);
    assertTrue(java.toFile().setExecutable(true));
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
    builder
        .environment()
        .keySet()
        .removeAll(List.of("OMPI_MCA_mpi_yield_when_idle", "UCX_ERROR_SIGNALS", "UCX_TLS"));
    builder.environment().keySet().removeAll(List.of("CUDA_HOME", "CUDNN_HOME", "NCCL_HOME"));
    builder
        .environment()
        .keySet()
        .removeAll(List.of("RINGATTENTION_JAVA_OPTIONS", "OMPI_COMM_WORLD_SIZE", "PMIX_RANK"));
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("SLURM_") || name.startsWith("OMPI_COMM_WORLD_"));
    builder.environment().put("TMPDIR", folder.toString());
    return builder;
  }

  private static Result run(ProcessBuilder builder) throws IOException, InterruptedException {
    Process process = builder.start();
    List<String> output = process.inputReader().lines().toList();
    List<String> errors = process.errorReader().lines().toList();
    return new Result(process.waitFor(), output, errors);
  }

  private Path launcher() {
    return home.resolve("bin/ringattention");
  }

  @Test
  void givesArgumentsUnchangedAndItsExitCodeBack() throws Exception {
    ProcessBuilder builder =
        launch(
            launcher(),
            "for a; do echo \"$a\"; done; exit 75",
            "train",
            "a file.toml",
            "-D",
            "x=\"y z\"");
    Result result = run(builder);
    int main = result.output.indexOf("ringattention.Main");
    assertEquals(
        List.of("train", "a file.toml", "-D", "x=\"y z\""),
        result.output.subList(main + 1, result.output.size()));
    assertEquals(75, result.exitCode);
  }

  @Test
  void findsItsHomeThroughSymbolicLinks() throws Exception {
    write("build/parquet/c.jar", "");
    Path first = Files.createSymbolicLink(folder.resolve("first"), launcher());
    Path second = Files.createSymbolicLink(folder.resolve("second"), first.getFileName());
    Result result = run(launch(second, "for a; do echo \"$a\"; done"));
    List<String> jars =
        List.of(
            "target/ringattention.jar",
            "target/lib/a.jar",
            "target/lib/b.jar",
            "build/mpi/mpi.jar",
            "build/parquet/c.jar");
    String classPath =
        String.join(":", jars.stream().map(jar -> home.resolve(jar).toString()).toList());
    assertTrue(result.output.contains(classPath), result.output.toString());
    String libraryPath = "-Djava.library.path=" + home.resolve("target/natives") + ":/opt/mpi/lib";
    assertTrue(
        result.output.stream().anyMatch(line -> line.startsWith(libraryPath)),
        result.output.toString());
  }

  @Test
  void preparesTheEnvironment() throws Exception {
    Result result = run(launch(launcher(), "env"));
    List<String> expected =
        List.of("UCX_ERROR_SIGNALS=", "OMPI_MCA_mpi_yield_when_idle=1", "RINGATTENTION_MPI_CUDA=1");
    assertTrue(result.output.containsAll(expected), result.output.toString());
  }

  @Test
  void leavesAMachineWithoutGpusAlone() throws Exception {
    write("machine/usr/local/cuda/lib64/libcudart.so.13", "");
    List<String> output = run(launch(launcher(), "env; for a; do echo \"$a\"; done")).output;
    assertTrue(output.contains("-Xmx1g"), output.toString());
    assertTrue(output.stream().noneMatch(line -> line.startsWith("UCX_TLS=")), output.toString());
    assertTrue(output.stream().noneMatch(line -> line.contains("/cuda/lib64")), output.toString());
  }

  @Test
  void preparesForGpus() throws Exception {
    write("machine/dev/nvidia0", "");
    write("machine/usr/local/cuda/lib64/libcudart.so.13", "");
    ProcessBuilder builder = launch(launcher(), "env; for a; do echo \"$a\"; done");
    builder.environment().put("LD_LIBRARY_PATH", "/users/own");
    builder.environment().put("UCX_MEMTYPE_CACHE", "y");
    List<String> output = run(builder).output;
    String cuda = home.resolve("machine/usr/local/cuda/lib64").toString();
    List<String> expected =
        List.of(
            "LD_LIBRARY_PATH=/opt/mpi/lib:" + cuda + ":/opt/mpi/lib:/users/own",
            "OMPI_MCA_mpi_yield_when_idle=0",
            "OMPI_MCA_opal_common_ucx_tls=any",
            "UCX_MEMTYPE_CACHE=y",
            "-Xmx4g");
    assertTrue(output.containsAll(expected), output.toString());
  }

  /**
   * @param launched variables of mpirun or srun
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PMIX_RANK=9 SLURM_NTASKS=16 SLURM_STEP_NUM_NODES=2                      | false",
        "PMIX_RANK=9 SLURM_NTASKS=16 SLURM_NNODES=2                              | false",
        "PMIX_RANK=0 SLURM_NTASKS=8 SLURM_STEP_NUM_NODES=1 SLURM_NNODES=2        | true",
        "PMIX_RANK=0                                                             | false",
        "OMPI_COMM_WORLD_SIZE=16 OMPI_COMM_WORLD_LOCAL_SIZE=8 SLURM_NNODES=1     | false",
        "OMPI_COMM_WORLD_SIZE=8 OMPI_COMM_WORLD_LOCAL_SIZE=8 PMIX_RANK=0         | true",
        "SLURM_NNODES=2                                                          | true",
      })
  void keepsUcxToSharedMemoryOnlyWhereAllRanksShareIt(String launched, boolean shared)
      throws Exception {
    hasGpuWithoutLibraries();
    List<String> output = run(launchedBy(launched, launch(launcher(), "env"))).output;
    assertEquals(
        shared,
        output.stream().anyMatch(line -> line.startsWith("UCX_TLS=self,posix")),
        output.toString());
  }

  /**
   * On a machine of 2 online CPUs or more, whose first one only may be used.
   *
   * @param container CPUs of the container, if there is one
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_SIZE=2         |     | 0",
        "PMIX_RANK=1 SLURM_STEP_TASKS_PER_NODE=2(x2)                 |     | 0",
        "OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_SIZE=2         | 3   | 1",
        "PMIX_RANK=1 SLURM_STEP_TASKS_PER_NODE=1,2(x2)               | 3   | 1",
        "PMIX_RANK=1 SLURM_STEP_TASKS_PER_NODE=1(x12)                | 3   | 0",
        "OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_SIZE=2         | 0-1,3 | 0",
        "OMP_NUM_THREADS=64 PMIX_RANK=1 SLURM_STEP_TASKS_PER_NODE=2  | 3   | 1",
      })
  void spinsWhereEveryRankHasItsCore(String launched, String container, String yields)
      throws Exception {
    Assumptions.assumeTrue(Runtime.getRuntime().availableProcessors() > 1);
    hasGpuWithoutLibraries();
    if (container != null) {
      write("machine/sys/fs/cgroup/cpuset.cpus.effective", container + "\n");
    }
    ProcessBuilder builder = launchedBy(launched, launch(launcher(), "env"));
    builder.command().addAll(0, List.of("taskset", "-c", "0"));
    List<String> output = run(builder).output;
    assertTrue(output.contains("OMPI_MCA_mpi_yield_when_idle=" + yields), output.toString());
  }

  /** OMP_NUM_THREADS, which most jobs set, says nothing of cores. */
  @Test
  void countsCoresAndNotOpenMpsThreads() throws Exception {
    Assumptions.assumeTrue(Runtime.getRuntime().availableProcessors() > 1);
    hasGpuWithoutLibraries();
    String launched = "OMP_NUM_THREADS=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_SIZE=2";
    write("machine/sys/fs/cgroup/cpuset.cpus.effective", "0\n"); // so that nothing is bound
    List<String> output = run(launchedBy(launched, launch(launcher(), "env"))).output;
    assertTrue(output.contains("OMPI_MCA_mpi_yield_when_idle=0"), output.toString());
  }

  private static ProcessBuilder launchedBy(String variables, ProcessBuilder builder) {
    for (String variable : variables.strip().split(" +")) {
      String[] parts = variable.split("=");
      builder.environment().put(parts[0], parts[1]);
    }
    return builder;
  }

  @ParameterizedTest
  @CsvSource({"C, C.UTF-8", "POSIX, C.UTF-8", "xx_XX.UTF-8, C.UTF-8", ", C.UTF-8", "C.UTF-8, "})
  void pathsAreReadAsUtf8WhereNoLocaleSaysHow(String language, String expected) throws Exception {
    ProcessBuilder builder = launch(launcher(), "echo \"LC_ALL=${LC_ALL-}\"");
    builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
    if (language != null) {
      builder.environment().put("LANG", language);
    }
    assertEquals(List.of("LC_ALL=" + (expected == null ? "" : expected)), run(builder).output);
  }

  /** A folder that another user could have made is not taken: libraries could lie in it. */
  @Test
  void javaCppsCacheIsAFolderOfThisUserAlone() throws Exception {
    int user = (int) Files.getAttribute(folder, "unix:uid");
    Path expected = folder.resolve("ringattention-" + user);
    assertEquals(expected, privateFolder());
    assertEquals("rwx------", permissions(expected));
    assertEquals(expected, privateFolder(), "the same one in the next run");

    Files.setPosixFilePermissions(expected, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path other = privateFolder();
    assertNotEquals(expected, other, "others may write");
    assertEquals("rwx------", permissions(other));

    Files.delete(expected);
    Files.createSymbolicLink(expected, Files.createDirectory(folder.resolve("elsewhere")));
    assertNotEquals(expected, privateFolder(), "a link");
  }

  private Path privateFolder() throws IOException, InterruptedException {
    String key = "-Dorg.bytedeco.javacpp.cachedir=";
    return run(launch(launcher(), "for a; do echo \"$a\"; done")).output.stream()
        .filter(line -> line.startsWith(key))
        .map(line -> Path.of(line.substring(key.length())))
        .findFirst()
        .orElseThrow();
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void bringsItsOwnJvmInABundle() throws Exception {
    Path java = write("jre/bin/java", "#!/bin/sh\necho bundled\n");
    assertTrue(java.toFile().setExecutable(true));
    assertEquals(List.of("bundled"), run(launch(launcher(), "echo other")).output);
  }

  @Test
  void theUsersSettingsWin() throws Exception {
    ProcessBuilder builder = launch(launcher(), "env; for a; do echo \"$a\"; done");
    builder
        .environment()
        .putAll(
            Map.of(
                "OMPI_MCA_mpi_yield_when_idle", "0", "RINGATTENTION_JAVA_OPTIONS", "-Xmx4g -ea"));
    List<String> output = run(builder).output;
    assertTrue(output.contains("OMPI_MCA_mpi_yield_when_idle=0"), output.toString());
    assertTrue(
        output.indexOf("-Xmx4g") > output.indexOf("-Xmx1g"),
        output.toString()); // the JVM takes the last
    assertEquals(output.indexOf("-Xmx4g") + 1, output.indexOf("-ea"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void hidesTheVectorWarningAndNothingElse(boolean rank) throws Exception {
    String script =
        String.join(
            "; ",
            "read children < /proc/$$/task/$$/children",
            "kill -TERM $children", // a signal to the whole job must not silence the last words
            "echo before >&2",
            "echo '" + VECTOR_WARNING + "' >&2",
            "echo '" + VECTOR_WARNING + " too' >&2");
    ProcessBuilder builder = launch(launcher(), script);
    // as mpirun does, cat waits until nobody can write any more; a Java process that ended is not
    // read any further
    builder.command().addAll(0, List.of("sh", "-c", "\"$@\" 2>&1 | cat", "sh"));
    if (rank) {
      builder.environment().put("OMPI_COMM_WORLD_SIZE", "4");
    }
    assertEquals(List.of("before", VECTOR_WARNING + " too"), run(builder).output);
  }

  /**
   * mpirun waits until nobody can write any more; without it the JVM has to wait for the filter.
   */
  @Test
  void aProcessWithoutMpirunKnowsItsFilter() throws Exception {
    String script = "tr '\\0' ' ' < /proc/$RINGATTENTION_STDERR_FILTER/cmdline";
    Result alone = run(launch(launcher(), script));
    assertTrue(alone.output.get(0).startsWith("sed -u /^WARNING"), alone.output.toString());
    ProcessBuilder builder = launch(launcher(), "echo \"$RINGATTENTION_STDERR_FILTER.\"");
    builder.environment().put("PMIX_RANK", "0");
    builder.environment().put("RINGATTENTION_STDERR_FILTER", "1");
    assertEquals(List.of("."), run(builder).output);
  }

  @Test
  void signalsReachTheJvm() throws Exception {
    String script =
        "trap 'echo last words >&2; kill $!; exit 75' TERM; sleep 20 & echo ready; wait";
    Path errors = folder.resolve("errors.txt");
    Process process = launch(launcher(), script).redirectError(errors.toFile()).start();
    BufferedReader output = process.inputReader();
    assertEquals("ready", output.readLine());
    process.toHandle().destroy(); // TERM, to the launcher's own process only
    assertTrue(process.waitFor(10, TimeUnit.SECONDS));
    assertEquals(75, process.exitValue());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (Files.size(errors) == 0 && System.nanoTime() < end) {
      Thread.sleep(5); // the filter may end after the JVM
    }
    assertEquals(List.of("last words"), Files.readAllLines(errors));
  }

  @Test
  void saysWhatIsMissing() throws Exception {
    ProcessBuilder builder = launch(launcher(), "echo started");
    Files.delete(home.resolve("target/ringattention.jar"));
    Result notBuilt = run(builder);
    assertEquals(2, notBuilt.exitCode);
    assertTrue(
        notBuilt.errors.get(0).endsWith("not built yet; run make build in " + home),
        notBuilt.errors.toString());
    builder.environment().put("JAVA_HOME", "/nowhere");
    Result noJava = run(builder);
    assertEquals(2, noJava.exitCode);
    assertTrue(noJava.errors.get(0).contains("JAVA_HOME"), noJava.errors.toString());
  }
}
