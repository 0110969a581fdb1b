package ringattention.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** tools/setup-mpi.sh on a machine that has neither JDK nor Maven nor MPI, for a user with sudo. */
@Timeout(60)
class SetupTest {
  /** What every system has; the test's own programs stand before them. */
  private static final List<String> SYSTEM =
      List.of(
          "sh", "dirname", "cat", "sed", "mkdir", "grep", "rm", "head", "tail", "tr", "ln", "mv");

  @TempDir Path folder;
  private Script script;
  private Map<String, String> bare;

  @BeforeEach
  void makeMachine() throws IOException {
    script = new Script(folder);
    script.copy("tools/setup-mpi.sh");
    for (String program : SYSTEM) {
      Path original =
          Stream.of("/usr/bin", "/bin")
              .map(bin -> Path.of(bin, program))
              .filter(Files::exists)
              .findFirst()
              .orElseThrow();
      Files.createDirectories(folder.resolve("system"));
      Files.createSymbolicLink(folder.resolve("system").resolve(program), original);
    }
    script.fake("id", "echo 1000");
    script.fake("apt-get", "echo ran apt-get >> calls");
    script.fake("apt-cache", "exit 1");
    // what the user has read by then, and what it was asked to do
    script.fake("sudo", "cat said >> calls; echo \"sudo $*\" >> calls; exit 1");
    bare = Map.of("PATH", folder.resolve("fake") + ":" + folder.resolve("system"));
  }

  @Test
  void saysBeforeItCallsSudo() throws Exception {
    Script.Result result = script.run(bare, "sh", "-c", "sh tools/setup-mpi.sh 2> said");
    assertEquals(2, result.exitCode(), result.output());
    List<String> calls = Files.readAllLines(folder.resolve("calls"));
    assertEquals(
        "setup: calling sudo, to install default-jdk-headless maven make with apt-get",
        calls.get(0));
    assertEquals("sudo -n true", calls.get(1));
    assertEquals(2, calls.size(), calls.toString());
    String said = Files.readString(folder.resolve("said"));
    assertTrue(said.contains("Java bindings end with Open MPI 5.0"), said);
  }

  @Test
  void asPartOfABuildItInstallsNothing() throws Exception {
    Script.Result result = script.run(bare, "sh", "tools/setup-mpi.sh", "--installs-nothing");
    assertEquals(2, result.exitCode(), result.output());
    assertEquals(1, result.output().lines().count(), result.output());
    assertTrue(result.output().contains("run make setup"), result.output());
    assertTrue(Files.notExists(folder.resolve("calls")), "called sudo or apt-get");
  }

  @Test
  void onlySetUpKnowsSudo() throws IOException {
    try (Stream<Path> files =
        Stream.of("tools", "bin", "slurm").map(Path::of).flatMap(SetupTest::below)) {
      List<String> found = files.filter(SetupTest::callsSudo).map(Path::toString).toList();
      assertEquals(List.of("tools/setup-mpi.sh"), found);
    }
    List<String> targets =
        Files.readAllLines(Path.of("Makefile")).stream()
            .filter(line -> line.startsWith("\t") && line.contains("setup-mpi.sh"))
            .toList();
    assertEquals(
        List.of("\t@tools/setup-mpi.sh", "\t@tools/setup-mpi.sh --installs-nothing"), targets);
  }

  private static Stream<Path> below(Path folder) {
    try {
      return Files.walk(folder).filter(Files::isRegularFile);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static boolean callsSudo(Path file) {
    try {
      return Files.readAllLines(file).stream()
          .map(String::strip)
          .anyMatch(line -> !line.startsWith("#") && line.matches(".*\\bsudo\\b.*"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
