package ringattention.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs shell scripts in a folder, with programs of the test before those of the system. */
record Script(Path folder) {
  record Result(int exitCode, String output) {}

  /** Writes a program that is found first; {@code text} are lines of sh. */
  void fake(String name, String text) throws IOException {
    Path file = folder.resolve("fake").resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
  }

  /** Copies a file of the project to the same place below the folder. */
  void copy(String name) throws IOException {
    Path target = folder.resolve(name);
    Files.createDirectories(target.getParent());
    Files.copy(Path.of(name), target);
    if (!target.toFile().setExecutable(true)) {
      throw new IOException(target + " cannot be made executable");
    }
  }

  /** Runs a command in the folder; its output is that of both streams. */
  Result run(String... command) throws IOException, InterruptedException {
    return run(Map.of(), command);
  }

  Result run(Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    builder
        .environment()
        .merge("PATH", folder.resolve("fake").toString(), (path, fake) -> fake + ":" + path);
    builder
        .environment()
        .keySet()
        .removeAll(List.of("MAKEFLAGS", "MAKELEVEL", "JAVA_HOME", "MPI_HOME", "OMPI_JAR"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    return new Result(process.waitFor(), output);
  }

  static boolean isHere(String program) {
    for (String folder : System.getenv("PATH").split(":")) {
      if (Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }
}
