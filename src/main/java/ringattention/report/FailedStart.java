package ringattention.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a run leaves in its folder that ended before its first step: the log of how it began, and
 * tables and curves without a line of a step. Nothing of it is worth keeping another run away.
 */
public final class FailedStart {
  private static final String INPUTS = "used_inputs.toml";

  /** What every run writes first. */
  private static final Set<String> FIRST = Set.of("run.log", "run.jsonl", INPUTS);

  private static final Set<String> FILES =
      Set.of("run.log", "run.jsonl", INPUTS, "plan.txt", "steps.csv");

  private static final String CURVES = "tensorboard";

  private FailedStart() {}

  /**
   * Returns whether a folder holds a run, and only such a one: {@link RunFolder#create} would take
   * it as if it were empty.
   */
  public static boolean isIn(Path folder) {
    return RunFolder.holdsRun(folder) && isAllOf(folder);
  }

  /**
   * Returns whether it is that of a run with other inputs.
   *
   * @param inputs text of {@code used_inputs.toml} of the run that asks
   */
  public static boolean isOfOther(Path folder, String inputs) {
    try {
      return isIn(folder) && !Files.readString(folder.resolve(INPUTS)).equals(inputs);
    } catch (IOException unreadable) {
      return true; // it ended before it wrote them
    }
  }

  /** Returns whether a folder holds that and nothing else. */
  static boolean isAllOf(Path folder) {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        boolean known =
            name.equals(RunLock.FILE)
                || name.equals(CURVES) && Files.isDirectory(entry)
                || FILES.contains(name.replaceFirst("\\.part$", "")) && Files.isRegularFile(entry);
        if (!known) {
          return false;
        }
      }
      return lines(folder.resolve("steps.csv")) <= 1 && !hasStep(folder.resolve("run.jsonl"));
    } catch (IOException unreadable) {
      return false; // as where there are no events: then the log is another program's
    }
  }

  private static long lines(Path file) throws IOException {
    if (!Files.exists(file)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(file, UTF_8)) {
      return lines.limit(2).count();
    }
  }

  private static boolean hasStep(Path events) throws IOException {
    try (Stream<String> lines = Files.lines(events, UTF_8)) {
      return lines.anyMatch(line -> line.startsWith("{\"event\":\"step\""));
    }
  }

  /** Removes what a run wrote that got no further than its first lines. */
  static void removeFirst(Path folder) throws IOException {
    for (String name : FIRST) {
      Files.deleteIfExists(folder.resolve(name));
    }
  }

  /** Removes all of it from a folder that holds nothing else, but for the lock. */
  static void remove(Path folder) throws IOException {
    List<Path> left = new ArrayList<>();
    for (String name : FILES) {
      left.add(folder.resolve(name));
      left.add(folder.resolve(name + ".part"));
    }
    if (Files.isDirectory(folder.resolve(CURVES))) {
      try (DirectoryStream<Path> curves = Files.newDirectoryStream(folder.resolve(CURVES))) {
        curves.forEach(left::add);
      }
      left.add(folder.resolve(CURVES));
    }
    for (Path file : left) {
      Files.deleteIfExists(file);
    }
  }
}
