package ringattention.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** tools/mpirun.sh with a script in place of mpirun, which says what Open MPI says. */
@Timeout(60)
class MpirunTest {
  private static final String DASHES = "-".repeat(74) + "\n";
  private static final String NON_ZERO =
      DASHES
          + "Primary job  terminated normally, but 1 process returned\n"
          + "a non-zero exit code. Per user-direction, the job has been aborted.\n"
          + DASHES;
  private static final String FIRST_4 =
      DASHES
          + "mpirun.openmpi detected that one or more processes exited with non-zero status, thus causing\n"
          + "the job to be terminated. The first process to do so was:\n\n"
          + "  Process name: [[16232,1],0]\n  Exit code:    2\n"
          + DASHES;
  private static final String FIRST_5 =
      DASHES
          + "prterun detected that one or more processes exited with non-zero status,\n"
          + "thus causing the job to be terminated. The first process to do so was:\n\n"
          + "   Process name: [prterun-vm-27481@1,1]\n   Exit code:    2\n"
          + DASHES;
  private static final String ABORT =
      DASHES
          + "MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD\n"
          + "with errorcode 1.\n\n"
          + "NOTE: invoking MPI_ABORT causes Open MPI to kill all MPI processes.\n"
          + "You may or may not see output from other processes, depending on\n"
          + "exactly when Open MPI kills them.\n"
          + DASHES;
  private static final String KILLED =
      DASHES
          + "mpirun.openmpi noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).\n"
          + DASHES;

  @TempDir Path folder;
  private Script script;

  @BeforeEach
  void makeHome() throws IOException {
    script = new Script(folder);
    script.copy("tools/mpirun.sh");
    script.copy("tools/mpirun-errors.sed");
    Files.createDirectories(folder.resolve("build/mpi"));
    Files.writeString(folder.resolve("build/mpi/env"), "MPIRUN=mpirun-of-the-test\n");
  }

  private Script.Result run(Map<String, String> environment, String said, String then)
      throws Exception {
    mpirun(said, then);
    return script.run(environment, "tools/mpirun.sh", "-np", "2", "program");
  }

  private void mpirun(String says, String then) throws IOException {
    Files.writeString(folder.resolve("said"), says);
    script.fake("mpirun-of-the-test", "cat said >&2; " + then);
  }

  /** The filter may end after mpirun; what reads its output waits for both. */
  private Script.Result printed(String said) throws Exception {
    mpirun(said, "exit 2");
    String job = "tools/mpirun.sh -np 2 program 2>&1 | cat";
    return script.run(Map.of("SLURM_JOB_ID", ""), "sh", "-c", job);
  }

  private void assertPrints(String expected, String said) throws Exception {
    assertEquals(expected, printed(said).output());
  }

  @Test
  void exitCodesAreNotSaidAgain() throws Exception {
    String line = "ringattention: x.toml: no such file\n";
    assertPrints(line, line + NON_ZERO + FIRST_4);
    assertPrints(line, line + FIRST_5);
    assertPrints(line + "last words\n", line + ABORT + "last words\n" + NON_ZERO);
  }

  @Test
  void allElseStays() throws Exception {
    assertPrints(KILLED, NON_ZERO + KILLED);
    String other = DASHES + "There are not enough slots available\n" + DASHES;
    assertPrints(other, other);
    String mixed = FIRST_5.replace("   Exit code", "rank 1: a line between\n   Exit code");
    assertPrints(mixed, mixed);
    String cut = FIRST_4.substring(0, FIRST_4.length() - DASHES.length());
    assertPrints(cut, cut);
    String longText = DASHES + "line\n".repeat(30);
    assertPrints(longText, longText);
  }

  @Test
  void exitCodesPassAndJobsOfSlurmKeepAll() throws Exception {
    assertEquals(75, run(Map.of(), "", "exit 75").exitCode());
    Map<String, String> slurm = Map.of("SLURM_JOB_ID", "7");
    assertEquals(NON_ZERO, run(slurm, NON_ZERO, "exit 2").output());
  }

  /** A signal to the script's process is one to mpirun, and the filter outlives it. */
  @Test
  void mpirunIsTheProcessThatWasStarted() throws Exception {
    script.fake(
        "start", "tools/mpirun.sh 0 & pid=$!; sleep 2; kill -USR1 $pid; wait $pid; echo ended $?");
    script.fake(
        "mpirun-of-the-test", "trap 'echo told >&2; exit 75' USR1; sleep 20 >&- 2>&- & wait");
    assertEquals("told\nended 75\n", sorted(script.run("fake/start").output()));
  }

  private static String sorted(String lines) {
    return lines
        .lines()
        .sorted(Comparator.reverseOrder())
        .collect(Collectors.joining("\n", "", "\n"));
  }
}
