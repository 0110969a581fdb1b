package ringattention.run;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringattention.cli.ExitCode;
import ringattention.comm.CommunicationException;
import ringattention.comm.Communicator;

/** Ends the job from a thread that watches, while the rank's own thread hangs. */
final class TakeDown {
  private static final long LAST = TimeUnit.SECONDS.toNanos(2); // for MPI to do it

  private TakeDown() {}

  /** MPI may be what hangs: if it does not take the job down soon, this process just ends. */
  static void now(Communicator world) {
    Thread last =
        new Thread(
            () -> {
              LockSupport.parkNanos(LAST);
              Runtime.getRuntime().halt(ExitCode.ERROR);
            },
            "last resort");
    last.setDaemon(true);
    last.start();
    try {
      world.abort(ExitCode.ERROR);
    } catch (CommunicationException e) { // one rank without MPI
      Runtime.getRuntime().halt(ExitCode.ERROR);
    }
  }
}
