package ringattention.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The process that a run's lock names.
 *
 * @param start when it started, in clock ticks after its host did: another process may get its
 *     number later; empty where that is not known
 */
public record LockHolder(long pid, String host, OptionalLong start) {
  private static final Pattern TEXT = Pattern.compile("pid (\\d+) on (\\S+?)(?:, start (\\d+))?");
  private static final int START_FIELD = 22 - 3; // of proc(5), counted behind the name

  /** What can be seen of the process from here. */
  enum State {
    ALIVE,
    GONE,
    /** On another host. */
    ELSEWHERE
  }

  static LockHolder here() {
    long pid = ProcessHandle.current().pid();
    return new LockHolder(pid, thisHost(), startOf(pid));
  }

  /** Returns empty for a text that no lock of this program has. */
  static Optional<LockHolder> parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    try {
      return matcher.matches()
          ? Optional.of(
              new LockHolder(
                  Long.parseLong(matcher.group(1)),
                  matcher.group(2),
                  matcher.group(3) == null
                      ? OptionalLong.empty()
                      : OptionalLong.of(Long.parseLong(matcher.group(3)))))
          : Optional.empty();
    } catch (NumberFormatException tooLarge) {
      return Optional.empty();
    }
  }

  /** Returns the text that {@link #parse} reads. */
  String text() {
    return this + (start.isPresent() ? ", start " + start.getAsLong() : "");
  }

  State state() {
    if (!host.equals(thisHost())) {
      return State.ELSEWHERE;
    }
    boolean there = ProcessHandle.of(pid).isPresent();
    OptionalLong now = startOf(pid);
    boolean another = start.isPresent() && now.isPresent() && !start.equals(now);
    return there && !another ? State.ALIVE : State.GONE;
  }

  private static OptionalLong startOf(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields =
          stat.substring(stat.lastIndexOf(')') + 2).split(" "); // names may have blanks
      return OptionalLong.of(Long.parseLong(fields[START_FIELD]));
    } catch (IOException | RuntimeException unknown) { // gone, or no Linux
      return OptionalLong.empty();
    }
  }

  private static String thisHost() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      return "unknown";
    }
  }

  /** For people. */
  @Override
  public String toString() {
    return "pid " + pid + " on " + host;
  }
}
