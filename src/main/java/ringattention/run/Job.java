package ringattention.run;

import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ringattention.cli.CommandLine;
import ringattention.comm.AgreedException;
import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.input.InputException;
import ringattention.metrics.PhaseTimer;

/**
 * The job this rank is part of: how it was started, who the others are, what time it spends.
 *
 * @param gpu this rank's, if there is one
 * @param world all ranks, for host memory; {@link Equipment#world} is for the device's
 * @param environment the process environment
 * @param heartbeat of this process, which may not have begun
 */
public record Job(
    CommandLine line,
    Launch launch,
    GpuChoice gpu,
    Communicator world,
    Map<String, String> environment,
    PrintStream console,
    PrintStream errors,
    PhaseTimer timer,
    Heartbeat heartbeat) {
  /** A job whose heartbeat has not begun. */
  public Job(
      CommandLine line,
      Launch launch,
      GpuChoice gpu,
      Communicator world,
      Map<String, String> environment,
      PrintStream console,
      PrintStream errors,
      PhaseTimer timer) {
    this(
        line,
        launch,
        gpu,
        world,
        environment,
        console,
        errors,
        timer,
        new Heartbeat(world, errors));
  }

  /** The same for some of the ranks alone. */
  public Job on(Communicator group) {
    return new Job(line, launch, gpu, group, environment, console, errors, timer, heartbeat);
  }

  /** The same with another command line. */
  public Job with(CommandLine other) {
    return new Job(other, launch, gpu, world, environment, console, errors, timer, heartbeat);
  }

  public boolean root() {
    return world.rank() == 0;
  }

  /** Does on every rank what may fail for bad input; see {@link Agreement#on}. Collective. */
  public <T> T agree(Supplier<T> work) {
    return new Agreement(world).on(work);
  }

  /**
   * Does what only this rank may fail at. A failure is named and takes the job down here, before
   * anything is closed: what this rank's device still does may wait for ranks that wait for this
   * one, and closing it, or its links, would wait too. In a job of threads, the failure is thrown.
   *
   * @param step that is running, for the message; 0: none
   */
  public <T> T orAbort(LongSupplier step, Supplier<T> work) {
    try {
      return work.get();
    } catch (InputException | AgreedException e) { // all ranks end alike
      throw e;
    } catch (RuntimeException | Error e) {
      if (launch.mpi()) {
        new FailedRank(world, launch, timer, errors).end(e, step.getAsLong());
      }
      throw e;
    }
  }

  /** Does the same where there are no steps. */
  public <T> T orAbort(Supplier<T> work) {
    return orAbort(() -> 0, work);
  }

  /** Returns the host of every rank. Collective. */
  public List<String> hosts() {
    return gather(world.host());
  }

  /** A text of every rank, on every rank. Collective. */
  public List<String> gather(String text) {
    return new Agreement(world).gather(text);
  }
}
