package ringattention.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The cores of a host that a rank may use.
 *
 * @param host its name
 * @param processors how many at once, by limits of time, too
 * @param allowed their numbers, as Linux lists them: {@code 0-3,8}, or {@link #UNKNOWN}
 */
public record CoreShare(String host, int processors, String allowed) {
  static final String UNKNOWN = "unknown";

  private static final String LINE = "Cpus_allowed_list:";

  /** Returns the share of this process. */
  public static CoreShare here(String host) {
    String allowed = UNKNOWN;
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith(LINE)) {
          allowed = line.substring(LINE.length()).strip();
        }
      }
    } catch (IOException absent) {
      allowed = UNKNOWN;
    }
    return new CoreShare(host, Runtime.getRuntime().availableProcessors(), allowed);
  }

  public static CoreShare parse(String text) {
    String[] fields = text.split(" ", 3);
    return new CoreShare(fields[0], Integer.parseInt(fields[1]), fields[2]);
  }

  /** Returns the text that {@link #parse} reads. */
  public String text() {
    return host + " " + processors + " " + allowed;
  }

  /**
   * Returns what is wrong on the first host with fewer cores than its ranks compute with.
   *
   * @param ranks of every rank
   * @param threads of one rank
   */
  public static Optional<String> crowd(List<CoreShare> ranks, int threads) {
    Map<String, List<CoreShare>> hosts = new LinkedHashMap<>();
    for (CoreShare rank : ranks) {
      hosts.computeIfAbsent(
          rank.host, host -> ranks.stream().filter(other -> other.host.equals(host)).toList());
    }
    for (List<CoreShare> here : hosts.values()) {
      int cores = cores(here);
      if (here.size() * threads > cores) {
        return Optional.of(
            here.size()
                + (here.size() == 1 ? " rank" : " ranks")
                + (threads == 1 ? "" : " of " + threads + " threads")
                + " on "
                + here.get(0).host
                + " share "
                + cores
                + (cores == 1 ? " core" : " cores"));
      }
    }
    return Optional.empty();
  }

  /** Ranks that are bound have cores of their own, others all the same. */
  private static int cores(List<CoreShare> here) {
    if (here.stream().map(CoreShare::allowed).distinct().count() == 1) {
      return here.get(0).processors;
    }
    BitSet all = new BitSet();
    here.forEach(rank -> all.or(rank.numbers()));
    return all.cardinality();
  }

  private BitSet numbers() {
    BitSet numbers = new BitSet();
    for (String range : allowed.equals(UNKNOWN) ? new String[0] : allowed.split(",")) {
      String[] ends = range.split("-");
      numbers.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
    }
    return numbers;
  }
}
