package ringattention.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much memory this process can still have on its host: what Linux gives without swapping, and
 * no more than the control groups leave that this process is in.
 *
 * @param proc the folder {@code /proc}
 * @param controlGroups the folder {@code /sys/fs/cgroup}
 */
public record AvailableMemory(Path proc, Path controlGroups) {
  /** Names of files and of a line of memory.stat, for each version of control groups. */
  private enum Version {
    ONE("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    TWO("memory.max", "memory.current", "inactive_file");

    private final String limit;
    private final String used;
    private final String reclaimable;

    Version(String limit, String used, String reclaimable) {
      this.limit = limit;
      this.used = used;
      this.reclaimable = reclaimable;
    }
  }

  public static AvailableMemory here() {
    return new AvailableMemory(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  /** Returns bytes; {@link Long#MAX_VALUE} where nothing is known. */
  public long bytes() {
    long least = meminfo();
    for (String line : lines(proc.resolve("self/cgroup"))) {
      String[] fields = line.split(":", 3); // number, controllers, path
      if (fields.length == 3 && fields[0].equals("0")) {
        least = Math.min(least, left(Version.TWO, controlGroups, fields[2]));
      } else if (fields.length == 3 && List.of(fields[1].split(",")).contains("memory")) {
        least = Math.min(least, left(Version.ONE, controlGroups.resolve("memory"), fields[2]));
      }
    }
    return least;
  }

  private long meminfo() {
    for (String line : lines(proc.resolve("meminfo"))) {
      if (line.startsWith("MemAvailable:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    return Long.MAX_VALUE;
  }

  /**
   * Returns what the group and those above it leave. In a container the path may be the host's, of
   * which only the root is to be seen: folders that are not there are passed over.
   */
  private static long left(Version version, Path root, String path) {
    long least = left(version, root);
    Path group = root;
    for (Path name : Path.of(path.replaceFirst("^/+", ""))) {
      group = group.resolve(name);
      least = Math.min(least, left(version, group));
    }
    return least;
  }

  private static long left(Version version, Path group) {
    long limit = number(group.resolve(version.limit));
    if (limit == Long.MAX_VALUE) {
      return limit;
    }
    long used = number(group.resolve(version.used));
    return Math.max(0, limit - (used == Long.MAX_VALUE ? 0 : used - reclaimable(version, group)));
  }

  /** Pages of files count as used, and make room when it is needed. */
  private static long reclaimable(Version version, Path group) {
    for (String line : lines(group.resolve("memory.stat"))) {
      if (line.startsWith(version.reclaimable + " ")) {
        return Long.parseLong(line.substring(version.reclaimable.length() + 1).strip());
      }
    }
    return 0;
  }

  /** Returns {@link Long#MAX_VALUE} for no limit, which is a word or a number near that. */
  private static long number(Path file) {
    List<String> lines = lines(file);
    return !lines.isEmpty() && lines.get(0).matches("\\d{1,18}")
        ? Long.parseLong(lines.get(0))
        : Long.MAX_VALUE;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException absent) {
      return List.of();
    }
  }
}
