package ringattention.run;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Properties;

/**
 * What was built.
 *
 * @param git hash of the sources, or unknown
 */
public record Version(String number, String git) {
  public static Version read() {
    Properties properties = new Properties();
    try (InputStream stream =
        Version.class.getResourceAsStream("/ringattention/version.properties")) {
      properties.load(stream);
    } catch (IOException e) {
      throw new IllegalStateException("version.properties is missing from the program", e);
    }
    return new Version(properties.getProperty("version"), properties.getProperty("commit"));
  }

  /** Returns what all ranks must have alike. */
  public Map<String, String> shared() {
    return Map.of("program", toString(), "git", git);
  }

  @Override
  public String toString() {
    return "ringattention " + number;
  }
}
