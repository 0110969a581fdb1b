package ringattention.comm;

/**
 * All ranks of the job, from its start to its end.
 *
 * <p>Deliberately no {@link AutoCloseable}: {@link #finish} waits for every rank, so a rank that
 * failed must not call it. It says what went wrong and calls {@link Communicator#abort}.
 */
public final class World {
  private final Communicator communicator;
  private final Runnable finish;

  private World(Communicator communicator, Runnable finish) {
    this.communicator = communicator;
    this.finish = finish;
  }

  /**
   * Starts MPI if the process is a rank of an MPI job; needs no MPI library otherwise. Once per
   * process.
   *
   * @throws CommunicationException if MPI cannot be started, or was started by another MPI's
   *     launcher
   */
  public static World open(Launch launch) {
    if (!launch.mpi()) {
      return of(LocalCommunicator.single());
    }
    try {
      MpiSession session = MpiSession.open(launch.devicePointers());
      launch.requireRanks(session.world().size());
      return new World(session.world(), session::finish);
    } catch (LinkageError missing) {
      throw new CommunicationException(
          "started as an MPI rank, but Open MPI's Java library does not load (mpi.jar, libmpi_java.so): "
              + missing
              + "; "
              + Launch.BINDINGS,
          missing);
    }
  }

  /** Ranks that are there already, as threads of this process; {@link #finish} does nothing. */
  public static World of(Communicator ranks) {
    return new World(ranks, () -> {});
  }

  /** All ranks. */
  public Communicator communicator() {
    return communicator;
  }

  /** Ends communication when all is done. Collective: waits for every rank. */
  public void finish() {
    finish.run();
  }
}
