package ringattention.device.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.Done;

/** What can be said of src/main/cuda without a GPU. */
class KernelSourcesTest {
  private static final Path CUDA = Path.of("src/main/cuda");
  private static final Path JAVA = Path.of("src/main/java/ringattention/device/cuda");

  /** kernel("file", "name") or kernel("file", pack.kernel("name", ...)). */
  private static final Pattern USE =
      Pattern.compile("kernel\\(\\s*\"(\\w+)\",\\s*(?:\\w+\\.kernel\\(\\s*)?\"(\\w+)\"");

  /** A definition, the stem of those that a macro makes, or of the name that a macro gets. */
  private static final Pattern DEFINITION =
      Pattern.compile(
          "(?:__global__\\s+void\\s+(?:__launch_bounds__\\(\\w+\\)\\s+)?|\\n[A-Z_]+\\()"
              + "(\\w+?)(?:_##|\\(|_[BF]|,)");

  private static final List<String> ARCHITECTURES = List.of("sm_80", "sm_90", "sm_100");

  @TempDir Path folder;

  @Test
  void everyKernelOfJavaIsDefined() throws IOException {
    Set<String> used = new TreeSet<>();
    for (Path source : files(JAVA, ".java")) {
      Matcher use = USE.matcher(Files.readString(source));
      while (use.find()) {
        used.add(use.group(1) + " " + use.group(2).replaceFirst("_$", "")); // a stem
      }
    }
    Set<String> defined = new TreeSet<>();
    for (Path source : files(CUDA, ".cu")) {
      Matcher definition = DEFINITION.matcher(Files.readString(source));
      while (definition.find()) {
        defined.add(name(source) + " " + definition.group(1));
      }
    }
    assertTrue(used.size() > 10, "kernels found in Java: " + used);
    used.removeAll(defined);
    assertEquals(Set.of(), used, "used in Java, but not defined in " + CUDA);
  }

  /** Compiles what has not compiled before: sources that are as they were are not tried again. */
  @Test
  void everyKernelCompiles() throws IOException, InterruptedException, ExecutionException {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(path -> Files.isExecutable(Path.of(path, "nvcc"))),
        "no nvcc on the PATH");
    String compiler = said(List.of("nvcc", "--version"));
    String common = Files.readString(CUDA.resolve("common.cu"));
    ExecutorService processes =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    List<Future<?>> compilations = new ArrayList<>();
    for (Path source : files(CUDA, ".cu")) {
      if (!name(source).equals("common")) {
        String whole = common + Files.readString(source);
        for (String architecture : ARCHITECTURES) {
          compilations.add(
              processes.submit(() -> compile(name(source), whole, architecture, compiler)));
        }
      }
    }
    processes.shutdown();
    for (Future<?> compilation : compilations) {
      compilation.get();
    }
  }

  private Void compile(String name, String source, String architecture, String compiler)
      throws Exception {
    Path file = folder.resolve(name + "-" + architecture + ".cu");
    List<String> flags = List.of("-std=c++17", "-arch=" + architecture, "-cubin");
    Path stamp = Done.file("kernels", name + "-" + architecture, compiler + flags + source);
    if (Files.notExists(stamp)) {
      Files.writeString(file, source);
      List<String> command = new ArrayList<>(List.of("nvcc"));
      command.addAll(flags);
      command.addAll(List.of("-o", file + ".cubin", file.toString()));
      said(command);
      Files.createFile(stamp);
    }
    return null;
  }

  /** Returns what a command says, which must succeed. */
  private static String said(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, process.waitFor(), command + ": " + said);
    return said;
  }

  private static List<Path> files(Path folder, String ending) throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.filter(path -> path.toString().endsWith(ending))
          .sorted()
          .collect(Collectors.toList());
    }
  }

  private static String name(Path source) {
    return source.getFileName().toString().replaceFirst("\\.cu$", "");
  }
}
