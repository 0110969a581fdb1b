package ringattention.run;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where compiled kernels are kept from run to run, by the rules of XDG. What lies there runs on the
 * GPU as this user's, so it must be a folder into which nobody else can put anything.
 */
public final class KernelCache {
  private static final int ROOT = 0;
  private static final int OTHERS_WRITE = 02;
  private static final int STICKY = 01000;
  private static final Set<PosixFilePermission> OWN = PosixFilePermissions.fromString("rwx------");

  private KernelCache() {}

  /**
   * Returns this user's own folder, made if it was not there; empty if there is none, or if it is
   * not safe: then kernels are compiled in each run.
   */
  static Optional<Path> folder(Map<String, String> environment) {
    try {
      int user = owner(Path.of("/proc/self"));
      Path folder = candidate(environment, user);
      make(folder);
      return safe(folder, user) ? Optional.of(folder) : Optional.empty();
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  private static void make(Path folder) throws IOException {
    try {
      Files.createDirectories(folder.getParent());
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWN));
    } catch (FileAlreadyExistsException e) {
      // of an earlier run, or another rank has just made it; whose it is is looked at next
    }
  }

  /** Where others can write, such as in /tmp, the name tells users apart. */
  private static Path candidate(Map<String, String> environment, int user) {
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    String home = environment.getOrDefault("HOME", "");
    if (caches.startsWith("/")) {
      return Path.of(caches, "ringattention");
    }
    if (home.startsWith("/")) {
      return Path.of(home, ".cache", "ringattention");
    }
    String temporary = environment.getOrDefault("TMPDIR", "");
    return Path.of(
        temporary.startsWith("/") ? temporary : System.getProperty("java.io.tmpdir"),
        "ringattention-" + user);
  }

  /**
   * Whether the folder is this user's and nobody else can write to it, or put another in its place.
   * Folders of earlier versions, which a group could write to, are closed to it.
   */
  private static boolean safe(Path folder, int user) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
        || owner(folder) != user
        || othersWrite(folder)) {
      return false;
    }
    Files.setPosixFilePermissions(folder, OWN);
    int above = owner(folder.getParent());
    boolean sticky = (mode(folder.getParent()) & STICKY) != 0;
    return (above == user || above == ROOT) && (sticky || !othersWrite(folder.getParent()));
  }

  private static int owner(Path folder) throws IOException {
    return (int) Files.getAttribute(folder, "unix:uid");
  }

  private static boolean othersWrite(Path folder) throws IOException {
    return (mode(folder) & OTHERS_WRITE) != 0;
  }

  private static int mode(Path folder) throws IOException {
    return (int) Files.getAttribute(folder, "unix:mode");
  }
}
