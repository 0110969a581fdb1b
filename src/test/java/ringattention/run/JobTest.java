package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import ringattention.checkpoint.CheckpointException;
import ringattention.cli.CommandLine;
import ringattention.comm.Communicator;
import ringattention.comm.ForwardingCommunicator;
import ringattention.comm.Launch;
import ringattention.comm.LocalCommunicator;
import ringattention.input.InputException;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;

class JobTest {
  private final List<String> order = new ArrayList<>();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final PhaseTimer timer = new PhaseTimer(System::nanoTime);

  /** What a process would not come back from. */
  private static final class Aborted extends Error {
    private static final long serialVersionUID = 1;
  }

  private Job job(boolean mpi) {
    Communicator world =
        new ForwardingCommunicator(LocalCommunicator.single()) {
          @Override
          public void abort(int exitCode) {
            order.add("abort " + exitCode);
            throw new Aborted();
          }
        };
    PrintStream print = new PrintStream(errors, true, StandardCharsets.UTF_8);
    return new Job(
        CommandLine.parse("train", "input.toml"),
        new Launch(mpi, 0, 1, false),
        new GpuChoice(-1, "none"),
        world,
        Map.of(),
        print,
        print,
        timer);
  }

  private void fail(Job job, RuntimeException failure) {
    try (AutoCloseable device = () -> order.add("close")) {
      job.orAbort(
          () -> 7,
          () -> {
            try (var scope = timer.in(Phase.DATA)) {
              throw failure;
            }
          });
    } catch (RuntimeException | Aborted e) {
      order.add(e.getClass().getSimpleName());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void failureIsNamedAndTakesTheJobDownBeforeAnythingIsClosed() {
    fail(job(true), new IllegalStateException("no such block"));
    assertEquals(List.of("abort 1", "close", "Aborted"), order);
    String line = errors.toString(StandardCharsets.UTF_8).strip();
    assertTrue(line.startsWith("ringattention: rank 0 of 1 on "), line);
    assertTrue(
        line.endsWith(
            " failed, phase "
                + Phase.DATA.title()
                + ", step 7: IllegalStateException: no such block"),
        line);
  }

  @Test
  void whatAllRanksThrowTakesNothingDown() {
    fail(job(true), new InputException("data.path: no such file"));
    fail(job(true), new CheckpointException("disk full"));
    assertEquals(List.of("close", "InputException", "close", "CheckpointException"), order);
    assertEquals("", errors.toString(StandardCharsets.UTF_8));
  }

  @Test
  void ranksThatAreThreadsThrow() {
    fail(job(false), new IllegalStateException("no such block"));
    assertEquals(List.of("close", "IllegalStateException"), order);
  }

  @Test
  void resultIsThatOfTheWork() {
    assertEquals(5, job(true).orAbort(() -> 5).intValue());
  }
}
