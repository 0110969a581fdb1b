package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Makefile in a checkout of its own, with shell scripts in place of Maven and of our tools. */
@Timeout(60)
class MakefileTest {
  private static final String ARCHIVE =
      "echo \"$@\" > dry-run; ls build >> dry-run; : > ${RINGATTENTION_JAVA_OPTIONS#*=}; "
          + "echo classes > ${RINGATTENTION_JAVA_OPTIONS#*=}";

  @TempDir Path folder;

  private record Result(int exitCode, String output) {
    boolean ran(String command) {
      return output.lines().anyMatch(line -> line.startsWith("ran " + command));
    }
  }

  @BeforeEach
  void makeCheckout() throws IOException {
    Files.copy(Path.of("Makefile"), folder.resolve("Makefile"));
    for (String made : List.of("bin", "src/main", "tools", "fake")) {
      Files.createDirectories(folder.resolve(made));
    }
    Files.copy(Path.of("bin/cuda-libraries.sh"), folder.resolve("bin/cuda-libraries.sh"));
    Files.writeString(folder.resolve("pom.xml"), "");
    script("tools/setup-mpi.sh", "");
    script("tools/mpirun.sh", ARCHIVE);
    script("tools/unpack-natives.sh", "mkdir -p $1");
    script("fake/git", "[ \"$1 $2\" = '-c safe.directory=*' ] && echo abc");
    maven("mkdir -p target/lib");
  }

  /**
   * @param rest what it does once it has made the jar
   */
  private void maven(String rest) throws IOException {
    script(
        "fake/mvn",
        "echo \"ran mvn $*\"; case $* in *package*) mkdir -p target; : > target/ringattention.jar; "
            + rest
            + ";; *) mkdir -p build/text; esac");
  }

  private void script(String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + text + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }

  private Result make(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("make"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("MAKEFLAGS", "MAKELEVEL", "INPUT"));
    builder
        .environment()
        .merge("PATH", folder.resolve("fake").toString(), (path, fake) -> fake + ":" + path);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    return new Result(process.waitFor(), output);
  }

  private void assertBuilds() throws Exception {
    Result result = make("build");
    assertEquals(0, result.exitCode, result.output);
  }

  /** Set-up may call sudo: a build looks for what it needs, and run and test begin with set-up. */
  @Test
  void onlyRunAndTestInstall() throws Exception {
    script("tools/setup-mpi.sh", "echo \"ran setup-mpi $*.\"");
    script("tools/continue.sh", "");
    Result build = make("build");
    assertEquals(0, build.exitCode, build.output);
    assertTrue(build.ran("setup-mpi --installs-nothing."), build.output);
    assertTrue(!build.ran("setup-mpi ."), build.output);
    for (String target : List.of("run", "test")) {
      Result result = make("-j4", target);
      String first = result.output.lines().findFirst().orElseThrow();
      assertEquals("ran setup-mpi .", first, result.output);
    }
  }

  @Test
  void whatIsDoneIsNotDoneAgain() throws Exception {
    assertBuilds();
    Result again = make("build");
    assertEquals(0, again.exitCode, again.output);
    assertTrue(!again.ran("mvn") && !again.output.contains("unpack-natives"), again.output);
    assertEquals("abc", Files.readString(folder.resolve("build/commit")).strip());
  }

  @Test
  void aJarWithoutItsLibrariesIsNotDone() throws Exception {
    maven("exit 1");
    assertNotEquals(0, make("build").exitCode);
    maven("mkdir -p target/lib");
    Result again = make("build");
    assertEquals(0, again.exitCode, again.output);
    assertTrue(again.ran("mvn -q -B -Dgit.commit=abc package"), again.output);
  }

  @Test
  void halfOfTheNativeLibrariesAreNotDone() throws Exception {
    script("tools/unpack-natives.sh", "mkdir -p $1; exit 1");
    assertNotEquals(0, make("build").exitCode);
    script("tools/unpack-natives.sh", "mkdir -p $1; echo ran unpack-natives");
    assertTrue(make("build").ran("unpack-natives"));
  }

  @Test
  void whatIsGoneIsMadeAgain() throws Exception {
    assertBuilds();
    Files.delete(folder.resolve("target/ringattention.jar"));
    Files.delete(folder.resolve("build/text"));
    Result again = make("build");
    assertTrue(again.ran("mvn -q -B -Dgit.commit=abc package"), again.output);
    assertTrue(again.ran("mvn -q -B -Dgit.commit=abc dependency"), again.output);
  }

  @Test
  void theClassArchiveIsOfADryRunThatSucceeds() throws Exception {
    Result result = make("build", "INPUT=absent.toml");
    assertEquals(0, result.exitCode, result.output);
    List<String> dryRun = Files.readAllLines(folder.resolve("dry-run"));
    assertEquals("-np 1 bin/ringattention train inputs/tutorial.toml --dry-run", dryRun.get(0));
    assertTrue(dryRun.contains("text.done"), dryRun.toString());
    assertEquals("classes\n", Files.readString(folder.resolve("target/ringattention.jsa")));
  }

  @Test
  void anArchiveOfARunThatFailedIsNone() throws Exception {
    script("tools/mpirun.sh", ARCHIVE + "; exit 2");
    Result result = make("build");
    assertEquals(0, result.exitCode, result.output);
    assertTrue(result.output.contains("no class archive"), result.output);
    assertEquals("", Files.readString(folder.resolve("target/ringattention.jsa")));
  }

  @Test
  void theTutorialEndsWithAContinuation() throws Exception {
    script("tools/mpirun.sh", "echo ran mpirun $*");
    script("tools/continue.sh", "echo ran continue $*");
    Result tutorial = make("run", "RANKS=3");
    assertEquals(0, tutorial.exitCode, tutorial.output);
    assertTrue(
        tutorial.output.endsWith(
            "ran mpirun -np 3 bin/ringattention train inputs/tutorial.toml\n"
                + "tools/continue.sh 3\nran continue 3\n"),
        tutorial.output);
    Result other = make("run", "RANKS=3", "INPUT=mine.toml");
    assertEquals(0, other.exitCode, other.output);
    assertTrue(!other.ran("continue"), other.output);
  }

  /** Cut off in the middle, tools/unpack-natives.sh leaves no folder that looks whole. */
  @Test
  void nativeLibrariesAreUnpackedWholeOrNotAtAll() throws Exception {
    Files.copy(Path.of("tools/unpack-natives.sh"), folder.resolve("tools/unpack.sh"));
    script(
        "fake/jar",
        "o=org/bytedeco/openblas/linux-x86_64; mkdir -p $o native/lib/linux-x86_64/cpu\n"
            + "cd $o; : > libjniopenblas_nolapack.so\n"
            + "for l in gfortran.so.5 quadmath.so.0 openblas.so.0; do : > lib$l; done\n"
            + ": > ../../../../native/lib/linux-x86_64/cpu/libtokenizers.so");
    script("fake/mv", "case $1 in *libquadmath*) exit 1 ;; esac; exec /bin/mv \"$@\"");
    Path natives = folder.resolve("natives");
    assertNotEquals(0, unpack(natives));
    assertTrue(Files.notExists(natives));
    Files.delete(folder.resolve("fake/mv"));
    assertEquals(0, unpack(natives));
    assertTrue(Files.exists(natives.resolve("libopenblas_nolapack.so.0")));
    assertTrue(Files.exists(natives.resolve("libjniopenblas_nolapack.so")));
  }

  private int unpack(Path natives) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("sh", "tools/unpack.sh", natives.toString(), "a.jar")
            .directory(folder.toFile());
    builder.environment().remove("JAVA_HOME");
    builder
        .environment()
        .merge("PATH", folder.resolve("fake").toString(), (path, fake) -> fake + ":" + path);
    return builder.start().waitFor();
  }
}
