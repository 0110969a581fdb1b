package ringattention.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Loads the native library of Hugging Face's tokenizers, once. DJL's own loader is not used: it
 * looks for GPUs, downloads, and writes below the home folder.
 */
final class NativeTokenizers {
  private static final String NAME = "tokenizers";

  /** Why the library is not there; empty if it is. */
  static final String PROBLEM = load();

  private NativeTokenizers() {}

  private static String load() {
    try {
      System.loadLibrary(NAME); // unpacked already, beside the other libraries of a build
      return "";
    } catch (UnsatisfiedLinkError notUnpacked) {
      return loadFromJar();
    }
  }

  private static String loadFromJar() {
    String file = "/native/lib/linux-x86_64/cpu/" + System.mapLibraryName(NAME);
    try (InputStream library = NativeTokenizers.class.getResourceAsStream(file)) {
      if (library == null) {
        return "no " + file + " on the class path";
      }
      Path copy = Files.createTempFile("ringattention-", ".so");
      try {
        Files.copy(library, copy, StandardCopyOption.REPLACE_EXISTING);
        System.load(copy.toString());
        return "";
      } finally {
        Files.delete(copy); // what is loaded stays
      }
    } catch (IOException | UnsatisfiedLinkError problem) {
      return String.valueOf(problem.getMessage());
    }
  }
}
