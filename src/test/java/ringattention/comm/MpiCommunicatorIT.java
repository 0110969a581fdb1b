package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Starts real MPI jobs. */
class MpiCommunicatorIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Of all ranks, and of parts of 1, 2 and 3 that work beside each other. */
  @Test
  void keepsTheContract() {
    MpiJob.Result result = MpiJob.runClass(4, LIMIT, CommunicatorContract.class, "1+3", "2+2");
    assertEquals(0, result.exitCode(), result.output());
    int checks = CommunicatorContract.checks().size();
    for (int[] part : new int[][] {{4, 1}, {1, 1}, {3, 1}, {2, 2}}) {
      String holds = checks + " checks hold on " + part[0] + " ranks";
      assertEquals(part[1], result.output().lines().filter(holds::equals).count(), result.output());
    }
    assertTrue(result.output().contains("Open MPI"), result.output());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"throw, 1", "exit, 42", "abort, 43", "kill, 137"})
  void oneLostRankBringsTheJobDown(String ending, int exitCode) {
    MpiJob.Result result = MpiJob.runClass(3, LIMIT, LosesRank.class, ending);
    assertEquals(exitCode, result.exitCode(), result.output());
    assertTrue(result.time().toSeconds() < 10, () -> "took " + result.time());
    assertEquals(-1, result.output().indexOf("survived"), result.output());
  }

  @Test
  void errorsNameRankOperationAndPeer() {
    MpiJob.Result result = MpiJob.runClass(2, LIMIT, LosesRank.class, "truncate");
    assertNotEquals(0, result.exitCode(), result.output());
    String expected = "receive of piece 0 (4 bytes) from rank 0: ";
    assertTrue(
        result.output().contains("rank 1 of 2 on ") && result.output().contains(expected),
        result.output());
  }

  /** Rank 1 ends in the way that its argument names, while the others wait for it. */
  static final class LosesRank {
    private LosesRank() {}

    public static void main(String[] arguments) throws Exception {
      Communicator all = World.open(Launch.of(System.getenv())).communicator();
      all.barrier();
      if (all.rank() == 1) {
        end(all, arguments[0]);
      }
      if (arguments[0].equals("truncate") && all.rank() == 0) {
        all.sendReceive(List.of(ByteBuffer.allocateDirect(8)), 1, List.of(), 1).await();
      }
      all.barrier();
      System.out.println("survived");
    }

    private static void end(Communicator all, String how) throws Exception {
      switch (how) {
        case "throw" -> throw new IllegalStateException("planted");
        case "exit" -> System.exit(42);
        case "abort" -> all.abort(43);
        case "kill" ->
            new ProcessBuilder("kill", "-9", Long.toString(ProcessHandle.current().pid()))
                .start()
                .waitFor();
        case "truncate" ->
            all.sendReceive(List.of(), 0, List.of(ByteBuffer.allocateDirect(4)), 0).await();
        default -> throw new IllegalArgumentException(how);
      }
    }
  }
}
