package ringattention.comm;

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
      return new MpiSession(new MpiCommunicator(all, MPI.getProcessorName(), description));
    } catch (MPIException e) {
      throw new CommunicationException("MPI does not start: " + e.getMessage(), e);
    }
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
