package ringattention.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** tools/check-glibc.sh on libraries of the JVM, and on what readelf may say of others. */
@Timeout(60)
class GlibcCheckTest {
  @TempDir Path folder;
  private Script script;
  private Path bundle;

  @BeforeEach
  void makeBundle() throws IOException {
    script = new Script(folder);
    script.copy("tools/check-glibc.sh");
    bundle = Files.createDirectories(folder.resolve("a bundle/lib"));
    Files.writeString(bundle.resolve("libtext.so"), "no library, whatever its name says\n");
  }

  private Script.Result check(String... limit) throws Exception {
    return limit.length == 0
        ? script.run("tools/check-glibc.sh", "a bundle")
        : script.run("tools/check-glibc.sh", "a bundle", limit[0]);
  }

  private void addLibraryOfTheJvm(String name) throws IOException {
    Files.copy(Path.of(System.getProperty("java.home"), "lib", "libjava.so"), bundle.resolve(name));
  }

  /**
   * @param versions lines of {@code readelf -V} in the section of versions that are needed
   */
  private Script.Result checkWith(String versions) throws Exception {
    Files.writeString(bundle.resolve("libone.so"), "\177ELF and so on");
    script.fake(
        "readelf",
        "cat <<'TEXT'\nFile: a bundle/lib/libone.so\n"
            + "Version definition section '.gnu.version_d' contains 1 entry:\n"
            + "  000000: Rev: 1  Flags: none  Index: 2  Cnt: 1  Name: GLIBC_2.90\n"
            + "Version needs section '.gnu.version_r' contains 1 entry:\n"
            + "  000000: Version: 1  File: libc.so.6  Cnt: 2\n"
            + versions
            + "TEXT");
    return check();
  }

  @Test
  void realLibrariesAreReadWhateverTheirNames() throws Exception {
    assumeTrue(Script.isHere("readelf"), "no readelf");
    addLibraryOfTheJvm("a program");
    Script.Result old = check("2.1");
    assertEquals(1, old.exitCode(), old.output());
    assertTrue(old.output().contains("a bundle/lib/a program asks for GLIBC_2."), old.output());
    assertTrue(old.output().contains("the limit is 2.1"), old.output());
    Script.Result none = check("2.99");
    assertEquals(0, none.exitCode(), none.output());
    assertTrue(none.output().contains("check-glibc: 1 files, "), none.output());
  }

  @Test
  void aLibraryThatIsCutOffIsAnError() throws Exception {
    assumeTrue(Script.isHere("readelf"), "no readelf");
    addLibraryOfTheJvm("libcut.so");
    byte[] all = Files.readAllBytes(bundle.resolve("libcut.so"));
    Files.write(bundle.resolve("libcut.so"), java.util.Arrays.copyOf(all, 3000));
    Script.Result result = check();
    assertEquals(2, result.exitCode(), result.output());
    assertTrue(result.output().contains("cut off"), result.output());
  }

  @Test
  void aFolderWithoutLibrariesIsAnError() throws Exception {
    assertEquals(2, check().exitCode());
  }

  @Test
  void whatRhel9HasPasses() throws Exception {
    Script.Result result =
        checkWith(
            "  0x0010:   Name: GLIBC_2.34  Flags: none  Version: 9\n"
                + "  0x0020:   Name: GLIBC_2.4  Flags: none  Version: 8\n"
                + "  0x0030:   Name: GLIBCXX_3.4.29  Flags: none  Version: 7\n"
                + "  0x0040:   Name: CXXABI_1.3.13  Flags: none  Version: 6\n"
                + "  0x0050:   Name: GLIBC_2.36  Flags: WEAK  Version: 5\n");
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().contains("  GLIBC_2.34 a bundle/lib/libone.so"), result.output());
    assertTrue(result.output().contains("1 files, 1 ask for more than glibc 2.28"));
  }

  @Test
  void oneVersionMoreFails() throws Exception {
    for (String version : new String[] {"GLIBC_2.35", "GLIBCXX_3.4.30", "CXXABI_1.3.14"}) {
      Script.Result result =
          checkWith("  0x0010:   Name: " + version + "  Flags: none  Version: 9\n");
      assertEquals(1, result.exitCode(), result.output());
      assertTrue(
          result.output().contains("a bundle/lib/libone.so asks for " + version), result.output());
    }
  }
}
