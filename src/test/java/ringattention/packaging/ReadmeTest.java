package ringattention.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringattention.cli.CommandLine;

/** Commands of README, short of running them, which takes minutes: {@code make test-readme}. */
@Timeout(60)
class ReadmeTest {
  private static final Pattern PROGRAM = Pattern.compile("bin/ringattention ([^#]*)");
  private static final Pattern FILE =
      Pattern.compile("(?:^|\\s)((?:inputs|slurm|tools|docs|bin)/[\\w./-]+)");

  @TempDir Path folder;

  private static List<String> code() throws IOException {
    String text = Files.readString(Path.of("README.md")).replaceAll("\\\\\\n *", " ");
    return text.lines().filter(line -> line.startsWith("    ")).map(String::strip).toList();
  }

  @Test
  void theProgramTakesEveryCommandLine() throws IOException {
    int commands = 0;
    for (String line : code()) {
      Matcher program = PROGRAM.matcher(line);
      if (program.find()) {
        String typed = program.group(1).strip();
        CommandLine.parse(typed.replaceAll("\"([^\"]*)\"", "quoted").split(" +"));
        commands++;
      }
    }
    assertTrue(commands >= 7, "only " + commands);
  }

  @Test
  void filesAndTargetsAreThere() throws IOException {
    Set<String> targets =
        Files.readAllLines(Path.of("Makefile")).stream()
            .filter(line -> line.matches("[a-z0-9-]+:.*"))
            .map(line -> line.substring(0, line.indexOf(':')))
            .collect(Collectors.toSet());
    for (String line : code()) {
      if (line.startsWith("make ")) {
        assertTrue(targets.contains(line.split(" +")[1]), line);
      }
      Matcher file = FILE.matcher(line);
      while (file.find()) {
        assertTrue(Files.exists(Path.of(file.group(1))), file.group(1) + " of " + line);
      }
    }
  }

  /** mpirun of the system refuses root, and more ranks than cores. */
  @Test
  void ranksAreStartedByTheMpirunThatDoesForAll() throws IOException {
    for (String line : code()) {
      assertTrue(!line.startsWith("mpirun "), line);
    }
  }

  @Test
  void everyCommandIsRunOrLeftOutWithAReason() throws Exception {
    Script.Result result = new Script(Path.of(".")).run("tools/test-readme.sh", "--list");
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().contains("run        make run\n"), result.output());
    assertTrue(result.output().contains("not run    sbatch "), result.output());
    Script changed = new Script(folder);
    changed.copy("tools/test-readme.sh");
    Files.writeString(
        folder.resolve("README.md"), Files.readString(Path.of("README.md")) + "    rm -rf all\n");
    Script.Result unknown = changed.run("tools/test-readme.sh", "--list");
    assertNotEquals(0, unknown.exitCode());
    assertTrue(unknown.output().contains("is to be done with: rm -rf all"), unknown.output());
  }
}
