package ringattention.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What this process holds of its machine, as Linux counts it.
 *
 * @param residentBytes memory that is in use; 0 where the system does not say
 * @param openFiles files, sockets and pipes; 0 where the system does not say
 */
public record ProcessSize(long residentBytes, long openFiles) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path FILES = Path.of("/proc/self/fd");
  private static final String RESIDENT = "VmRSS:";

  static ProcessSize now() {
    return new ProcessSize(resident(), files());
  }

  private static long resident() {
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(RESIDENT))
          .map(line -> line.replaceAll("\\D", ""))
          .mapToLong(kibibytes -> Long.parseLong(kibibytes) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException notLinux) {
      return 0;
    }
  }

  private static long files() {
    try (Stream<Path> open = Files.list(FILES)) {
      return open.count() - 1; // the listing is one of them
    } catch (IOException notLinux) {
      return 0;
    }
  }
}
