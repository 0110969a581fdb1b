package ringattention.run;

import java.io.PrintStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ringattention.cli.ErrorLine;
import ringattention.cli.ExitCode;
import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.metrics.PhaseTimer;

/**
 * What happens when a rank fails on its own: it names itself, and the others must not wait for it.
 *
 * @param world all ranks
 * @param errors gets the line
 */
public record FailedRank(Communicator world, Launch launch, PhaseTimer timer, PrintStream errors) {
  private static final Logger LOG = LoggerFactory.getLogger(FailedRank.class);

  /**
   * Prints one line, which rank, where, in which phase and step, what, and takes the job down.
   * Returns if the job is of threads.
   *
   * @param step that was running; 0: none
   */
  public void end(Throwable e, long step) {
    errors.println(line(e, step));
    LOG.debug("thrown here", e);
    if (launch.mpi()) {
      world.abort(ExitCode.ERROR);
    }
  }

  private String line(Throwable e, long step) {
    String phase = timer.failed().map(failed -> ", phase " + failed.title()).orElse("");
    String number = step == 0 ? "" : ", step " + step;
    String what =
        e.getMessage() == null
            ? e.toString()
            : e.getClass().getSimpleName() + ": " + e.getMessage();
    return String.format(
        "ringattention: rank %d of %d on %s failed%s%s: %s",
        world.rank(), world.size(), world.host(), phase, number, ErrorLine.of(what));
  }
}
