package ringattention.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** tools/release.sh in a checkout of its own, with scripts in place of make and Maven. */
@Timeout(60)
class ReleaseTest {
  @TempDir Path folder;
  private Script script;

  @BeforeEach
  void makeCheckout() throws Exception {
    script = new Script(folder);
    script.copy("tools/release.sh");
    Files.writeString(folder.resolve(".gitignore"), "build/\ntarget/\nfake/\n");
    Files.writeString(folder.resolve("pom.xml"), "<project>\n  <version>7.8.9</version>\n");
    Files.createDirectories(folder.resolve("build"));
    Files.writeString(folder.resolve("build/openmpi-cuda.tar.gz"), "");
    script.fake("make", "echo bundle > build/bundle.tar.xz; echo made \"$@\"");
    script.fake("mvn", "mkdir -p target; echo '{}' > target/bom.json");
    git("init", "-q");
    git("add", "-A");
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "all");
  }

  private void git(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 1];
    command[0] = "git";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Script.Result result = script.run(command);
    assertEquals(0, result.exitCode(), result.output());
  }

  private Script.Result release() throws IOException, InterruptedException {
    return script.run("tools/release.sh");
  }

  private void refuses(String reason) throws Exception {
    Script.Result result = release();
    assertEquals(2, result.exitCode(), result.output());
    assertEquals(1, result.output().lines().count(), result.output());
    assertTrue(result.output().contains(reason), result.output());
    assertTrue(Files.notExists(folder.resolve("build/release")));
  }

  @Test
  void makesTheFilesOfTheCommit() throws Exception {
    Script.Result result = release();
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().contains("made bundle"), result.output());
    Script sums = new Script(folder.resolve("build/release"));
    Script.Result checked = sums.run("sha256sum", "-c", "SHA256SUMS");
    assertEquals(0, checked.exitCode(), checked.output());
    for (String end : new String[] {".tar.gz", "-linux-x86_64.tar.xz", ".cdx.json"}) {
      assertTrue(checked.output().contains("ringattention-7.8.9" + end + ": OK"), end);
    }
    Script.Result listed = sums.run("tar", "-tzf", "ringattention-7.8.9.tar.gz");
    assertTrue(listed.output().contains("ringattention-7.8.9/tools/release.sh\n"), listed.output());
    assertTrue(!listed.output().contains("openmpi-cuda"), listed.output());
  }

  @Test
  void refusesChangedFiles() throws Exception {
    Files.writeString(folder.resolve("pom.xml"), "  <version>7.9.0</version>\n");
    refuses("M pom.xml");
  }

  @Test
  void refusesNewFiles() throws Exception {
    Files.writeString(folder.resolve("forgotten.txt"), "");
    refuses("?? forgotten.txt");
  }

  @Test
  void saysThatThereIsNoOpenMpi() throws Exception {
    Files.delete(folder.resolve("build/openmpi-cuda.tar.gz"));
    refuses("tools/build-openmpi.sh");
  }

  @Test
  void aBundleThatFailsLeavesNoRelease() throws Exception {
    script.fake("make", "exit 2");
    assertEquals(2, release().exitCode());
    assertTrue(Files.notExists(folder.resolve("build/release")));
  }
}
