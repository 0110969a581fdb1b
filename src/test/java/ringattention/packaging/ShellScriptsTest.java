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

/** Every script of the project, by shellcheck where that is installed. */
@Timeout(300)
class ShellScriptsTest {
  @Test
  void shellcheckWarnsOfNothing() throws Exception {
    assumeTrue(Script.isHere("shellcheck"), "no shellcheck");
    List<String> command = new ArrayList<>(List.of("shellcheck", "-x", "-f", "gcc"));
    List<String> scripts = scripts();
    assertTrue(scripts.contains("bin/ringattention") && scripts.size() > 20, scripts.toString());
    command.addAll(scripts);
    Script.Result result = new Script(Path.of(".")).run(command.toArray(String[]::new));
    assertEquals(0, result.exitCode(), result.output());
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
