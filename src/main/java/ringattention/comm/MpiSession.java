package ringattention.comm;

import java.util.List;
import mpi.Intracomm;
import mpi.MPI;
import mpi.MPIException;

/** MPI from its start to its end; one per process. */
final class MpiSession {
  private final Communicator world;

  private MpiSession(Communicator world) {
    this.world = world;
  }

  /**
   * Starts MPI.
   *
   * @param devicePointers whether this MPI takes pointers to device memory: it cannot be asked from
   *     Java
   */
  static MpiSession open(boolean devicePointers) {
    try {
      int threads = MPI.InitThread(new String[0], MPI.THREAD_MULTIPLE);
      Intracomm all = MPI.COMM_WORLD;
      all.setErrhandler(
          MPI.ERRORS_RETURN); // the default would end the job without a word from this program
      String library = MPI.getLibVersion().split(",", 2)[0].strip();
      String description =
          library
              + ", threads "
              + threadLevel(threads)
              + ", device pointers "
              + (devicePointers ? "yes" : "no");
      return new MpiSession(byHost(all, MPI.getProcessorName(), description));
    } catch (MPIException e) {
      throw new CommunicationException("MPI does not start: " + e.getMessage(), e);
    }
  }

  /** Launchers may deal ranks out to hosts in turns, so that every hop of a ring leaves a host. */
  private static Communicator byHost(Intracomm all, String host, String description)
      throws MPIException {
    Communicator asStarted = new MpiCommunicator(all, host, description);
    List<Integer> order = HostOrder.of(HostOrder.hosts(asStarted));
    int place = order.get(asStarted.rank());
    if (HostOrder.isAsStarted(order)) {
      return asStarted;
    }
    Intracomm ordered = all.split(0, place);
    ordered.setErrhandler(MPI.ERRORS_RETURN);
    return new MpiCommunicator(ordered, host, description + ", ranks in the order of hosts");
  }

  private static String threadLevel(int granted) {
    if (granted == MPI.THREAD_MULTIPLE) {
      return "multiple";
    }
    if (granted == MPI.THREAD_SERIALIZED) {
      return "serialized";
    }
    return granted == MPI.THREAD_FUNNELED ? "funneled" : "single";
  }

  /** All ranks, those of a host beside each other; rank 0 is MPI's. */
  Communicator world() {
    return world;
  }

  void finish() {
    try {
      MPI.Finalize();
    } catch (MPIException e) {
      throw new CommunicationException("MPI does not end: " + e.getMessage(), e);
    }
  }
}
