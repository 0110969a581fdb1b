package ringattention;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What went well and would go well again: an empty file below {@code build} for each hash of all
 * that a tool was given. A changed file, flag or version of the tool is another hash.
 */
public final class Done {
  private Done() {}

  /** Returns the file of this tool that stands for these contents; it need not be there. */
  public static Path file(String tool, String name, String contents) throws IOException {
    Path folder = Files.createDirectories(Path.of("build", tool));
    return folder.resolve(name + "-" + hash(contents));
  }

  private static String hash(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }
}
