package ringattention.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringattention.Done;

/**
 * Every script of the project, by shellcheck where that is installed; those that it has read as
 * they are, with all others as they are, it does not read again.
 */
@Timeout(300)
class ShellScriptsTest {
  @Test
  void shellcheckWarnsOfNothing() throws Exception {
    assumeTrue(Script.isHere("shellcheck"), "no shellcheck");
    List<String> command = new ArrayList<>(List.of("shellcheck", "-x", "-f", "gcc"));
    List<String> scripts = scripts();
    assertTrue(scripts.contains("bin/ringattention") && scripts.size() > 20, scripts.toString());
    command.addAll(scripts);
    Script here = new Script(Path.of("."));
    StringBuilder contents = new StringBuilder(here.run("shellcheck", "--version").output());
    contents.append(command).append(Files.readString(Path.of(".shellcheckrc")));
    for (String script : scripts) { // they are read by each other, too
      contents.append(Files.readString(Path.of(script), StandardCharsets.ISO_8859_1));
    }
    Path done = Done.file("shellcheck", "scripts", contents.toString());
    if (Files.notExists(done)) {
      Script.Result result = here.run(command.toArray(String[]::new));
      assertEquals(0, result.exitCode(), result.output());
      Files.createFile(done);
    }
  }

  private static List<String> scripts() throws IOException {
    List<String> found = new ArrayList<>();
    for (String folder : List.of(".ci", "bin", "slurm", "tools", "src/test/slurm")) {
      if (Files.isDirectory(Path.of(folder))) {
        try (Stream<Path> files = Files.walk(Path.of(folder))) {
          files
              .filter(file -> Files.isRegularFile(file) && isScript(file))
              .forEach(file -> found.add(file.toString()));
        }
      }
    }
    return found.stream().sorted().toList();
  }

  private static boolean isScript(Path file) {
    try {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      return text.matches("(?s)#!\\S+[ /](sh|bash)\\n.*") || text.contains("# shellcheck shell=");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
