package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kernels that another user has compiled must not run as this one's. */
class KernelCacheTest {
  @TempDir Path base;

  private Map<String, String> temporary() {
    return Map.of("HOME", "", "TMPDIR", base.toString());
  }

  private Path own() throws IOException {
    return base.resolve("ringattention-" + Files.getAttribute(base, "unix:uid"));
  }

  private static void permit(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void kernelsAreKeptWhereCachesBelong() throws IOException {
    String caches = base.resolve("c").toString();
    String home = base.resolve("h").toString();
    assertEquals(
        Optional.of(Path.of(caches, "ringattention")),
        KernelCache.folder(Map.of("XDG_CACHE_HOME", caches, "HOME", home)));
    assertEquals(
        Optional.of(Path.of(home, ".cache", "ringattention")),
        KernelCache.folder(Map.of("XDG_CACHE_HOME", "relative", "HOME", home)));
    assertEquals(Optional.of(own()), KernelCache.folder(temporary()));
    assertEquals("rwx------", permissions(own()));
  }

  @Test
  void aFolderThatCannotBeMadeIsNone() throws IOException {
    Path file = Files.createFile(base.resolve("file"));
    assertEquals(Optional.empty(), KernelCache.folder(Map.of("HOME", file.toString())));
  }

  @ParameterizedTest
  @CsvSource({"rwxrwxrwx, false", "rwx----w-, false", "rwxrwxr-x, true", "rwxr-xr-x, true"})
  void aFolderThatOthersCanWriteIsNotTaken(String permissions, boolean taken) throws IOException {
    permit(Files.createDirectory(own()), permissions);
    assertEquals(taken, KernelCache.folder(temporary()).isPresent());
    assertEquals(taken ? "rwx------" : permissions, permissions(own()));
  }

  /** Its owner could put another folder in the place of ours. */
  @Test
  void aFolderInOneThatOthersCanWriteIsNotTaken() throws IOException {
    Files.createDirectory(own());
    permit(base, "rwxrwxrwx");
    assertEquals(Optional.empty(), KernelCache.folder(temporary()));
    Files.setAttribute(base, "unix:mode", 01777); // as /tmp
    assertEquals(Optional.of(own()), KernelCache.folder(temporary()));
  }

  @Test
  void aLinkIsNotTaken() throws IOException {
    Files.createSymbolicLink(own(), Files.createDirectory(base.resolve("elsewhere")));
    assertEquals(Optional.empty(), KernelCache.folder(temporary()));
  }

  @Test
  void anothersFolderIsNotTaken() throws IOException {
    Path folder = Files.createDirectory(own());
    permit(folder, "rwx------");
    Assumptions.assumeTrue((int) Files.getAttribute(folder, "unix:uid") == 0, "only root can");
    Files.setAttribute(folder, "unix:uid", 65534);
    assertEquals(Optional.empty(), KernelCache.folder(temporary()));
    Files.setAttribute(folder, "unix:uid", 0);
    assertEquals(Optional.of(folder), KernelCache.folder(temporary()));
    Files.setAttribute(base, "unix:uid", 65534);
    assertEquals(Optional.empty(), KernelCache.folder(temporary()));
    Files.setAttribute(base, "unix:uid", 0);
  }
}
