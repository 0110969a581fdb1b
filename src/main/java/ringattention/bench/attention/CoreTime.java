package ringattention.bench.attention;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the threads of this process have had of the host's cores so far, by the kernel's word.
 *
 * @param ranS seconds they ran
 * @param waitedS seconds they could have run and had no core; NaN where that is not known
 */
public record CoreTime(double ranS, double waitedS) {
  private static final CoreTime UNKNOWN = new CoreTime(Double.NaN, Double.NaN);

  static CoreTime now() {
    return of(Path.of("/proc/self/task"));
  }

  /**
   * @param tasks a folder of folders with a file schedstat: nanoseconds run, nanoseconds waited,
   *     slices
   */
  static CoreTime of(Path tasks) {
    double ran = 0;
    double waited = 0;
    boolean known = false;
    try (Stream<Path> threads = Files.list(tasks)) {
      for (Path thread : threads.toList()) {
        List<String> fields = fields(thread.resolve("schedstat"));
        if (fields.size() >= 2) {
          known = true;
          ran += Double.parseDouble(fields.get(0)) * 1e-9;
          waited += Double.parseDouble(fields.get(1)) * 1e-9;
        }
      }
    } catch (IOException absent) {
      return UNKNOWN;
    }
    return known ? new CoreTime(ran, waited) : UNKNOWN;
  }

  private static List<String> fields(Path file) {
    try {
      return List.of(Files.readString(file).strip().split(" "));
    } catch (IOException ended) { // the thread, meanwhile
      return List.of();
    }
  }

  /**
   * Returns the part of the time since then, in which threads wanted a core, that they had none.
   */
  double waitedSince(CoreTime before) {
    double waited = Math.max(0, waitedS - before.waitedS);
    double wanted = waited + Math.max(0, ranS - before.ranS);
    return wanted == 0 ? 0 : waited / wanted;
  }
}
