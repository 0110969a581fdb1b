package ringattention;

import java.nio.file.Path;
import java.util.Map;

/** Where compiled kernels are kept from run to run, by the rules of XDG. */
final class KernelCache {
  private KernelCache() {}

  /** Need not exist or be writable: then kernels are compiled in each run. */
  static Path folder(Map<String, String> environment) {
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    String home = environment.getOrDefault("HOME", "");
    Path base =
        caches.startsWith("/")
            ? Path.of(caches)
            : home.startsWith("/")
                ? Path.of(home, ".cache")
                : Path.of(System.getProperty("java.io.tmpdir"));
    return base.resolve("ringattention");
  }
}
