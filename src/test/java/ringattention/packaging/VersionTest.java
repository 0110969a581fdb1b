package ringattention.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.run.Version;

/** pom.xml has the version; whatever else names it must agree. */
class VersionTest {
  private static String pom() throws IOException {
    return found("pom.xml", "(?m)^  <version>(.*)</version>$");
  }

  private static String found(String file, String pattern) throws IOException {
    Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(Path.of(file)));
    assertTrue(matcher.find(), file + " names no version");
    return matcher.group(1);
  }

  @Test
  void theProgramSaysIt() throws IOException {
    assertEquals("ringattention " + pom(), Version.read().toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CITATION.cff             | (?m)^version: (.*)$",
        "docs/changes.md          | (?m)^## (\\d\\S*)",
        "packaging/Dockerfile     | image.version=\"(.*)\"",
        "packaging/Dockerfile     | -t ringattention:(\\S+)",
        "packaging/apptainer.def  | image.version (.*)",
        "packaging/modulefile     | (?m)^set root.*/(.*)$",
        "packaging/modulefile     | module-whatis \"ringattention (.*):",
        "docs/install.md          | ringattention-([\\d.]+)-linux",
      })
  void othersAgree(String file, String pattern) throws IOException {
    assertEquals(pom(), found(file, pattern));
  }
}
