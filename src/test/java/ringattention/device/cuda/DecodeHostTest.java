package ringattention.device.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The plain kernels of decode.cu on the host: their source is compiled as C++, every thread a
 * fiber, and compared with sums in double precision. How blocks share tiles is the same code for
 * the kernel that is written in PTX, which only a GPU runs.
 */
class DecodeHostTest {
  private static final Path CUDA = Path.of("src/main/cuda");
  private static final Path HOST = Path.of("src/test/resources/cuda");

  @TempDir Path folder;

  @Test
  void sourcesComputeAttentionOnTheHost() throws IOException, InterruptedException {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(path -> Files.isExecutable(Path.of(path, "g++"))),
        "no g++ on the PATH");
    String source =
        Files.readString(CUDA.resolve("common.cu")) + Files.readString(CUDA.resolve("decode.cu"));
    source = without(source, "namespace matrix {", "// Any SIZE up to 256");
    source = without(source, "#define ARGUMENTS(T)", "// Merges the chunks of one row");
    Files.writeString(folder.resolve("kernels.inc"), source);
    for (String file : List.of("host.h", "decode.cpp")) {
      Files.copy(HOST.resolve(file), folder.resolve(file));
    }
    run("g++", "-std=c++17", "-O1", "-U_FORTIFY_SOURCE", "-w", "-o", "decode", "decode.cpp");
    String said = run(folder.resolve("decode").toString());
    assertTrue(said.lines().count() >= 10, said);
  }

  /** Returns a source without what is from one text on and before another. */
  private static String without(String source, String from, String to) {
    int first = source.indexOf(from);
    int end = source.indexOf(to);
    assertTrue(0 < first && first < end, from);
    return source.substring(0, first) + source.substring(end);
  }

  /** Returns what a command that succeeds has said. */
  private String run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }
}
