package ringattention.comm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How this process was started, read from its environment before any communication: a device must
 * be chosen before MPI starts.
 *
 * @param mpi whether it is a rank of an MPI job; otherwise it is the only rank
 * @param localRank number of this rank among those on its machine, from 0
 * @param localSize ranks on this machine
 * @param devicePointers whether the MPI was built to take pointers to device memory
 * @param ranks ranks of the job by word of the launcher; 0 if it does not say
 */
public record Launch(boolean mpi, int localRank, int localSize, boolean devicePointers, int ranks) {
  /** What a user must know whose MPI has no Java bindings. */
  static final String BINDINGS =
      "the program needs Open MPI 4.1 or 5.0, built with --enable-mpi-java, and its own mpirun:"
          + " Java bindings end with Open MPI 5.0, and MPICH, Intel MPI and Cray MPI have none";

  private static final List<String> MPI_MARKS =
      List.of("OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE");
  private static final Pattern TASKS_PER_NODE = Pattern.compile("(\\d+)(?:\\(x(\\d+)\\))?");

  public Launch {
    if (localRank < 0 || localRank >= localSize) {
      throw new IllegalArgumentException(
          "the environment says local rank "
              + localRank
              + " of "
              + localSize
              + " ranks on this machine");
    }
  }

  /** As started by a launcher that does not say how many ranks the job has. */
  public Launch(boolean mpi, int localRank, int localSize, boolean devicePointers) {
    this(mpi, localRank, localSize, devicePointers, 0);
  }

  /**
   * @throws CommunicationException if several tasks were started without a way to find each other:
   *     each would take itself for the only one
   * @throws IllegalArgumentException if the environment contradicts itself
   */
  public static Launch of(Map<String, String> environment) {
    if (MPI_MARKS.stream().noneMatch(environment::containsKey)) {
      if (number(environment, "SLURM_STEP_NUM_TASKS", 1) > 1) {
        throw new CommunicationException(
            "srun started several tasks without MPI: use srun --mpi=pmix, or mpirun");
      }
      return new Launch(false, 0, 1, false);
    }
    int localRank =
        number(environment, "OMPI_COMM_WORLD_LOCAL_RANK", number(environment, "SLURM_LOCALID", 0));
    int localSize =
        number(
            environment, "OMPI_COMM_WORLD_LOCAL_SIZE", slurmTasksHere(environment, localRank + 1));
    return new Launch(
        true,
        localRank,
        localSize,
        "1".equals(environment.get("RINGATTENTION_MPI_CUDA")),
        number(
            environment,
            "OMPI_COMM_WORLD_SIZE",
            number(environment, "PMI_SIZE", number(environment, "SLURM_STEP_NUM_TASKS", 0))));
  }

  /**
   * Compares the launcher's word with what MPI found. A launcher of another MPI starts processes
   * that cannot find each other: each would do the whole job, into the same folder.
   *
   * @param found ranks of the world of MPI
   * @throws CommunicationException if there are several by the launcher's word, and MPI found one
   */
  void requireRanks(int found) {
    if (ranks > 1 && found == 1) {
      throw new CommunicationException(
          "the launcher started "
              + ranks
              + " ranks, and each finds only itself: it is of another MPI than the program's; "
              + BINDINGS);
    }
  }

  /** Slurm writes the tasks of each node as {@code 4(x2),3}: 4, 4, 3. */
  private static int slurmTasksHere(Map<String, String> environment, int fallback) {
    String counts = environment.getOrDefault("SLURM_STEP_TASKS_PER_NODE", "");
    List<Integer> nodes = new ArrayList<>();
    for (Matcher matcher = TASKS_PER_NODE.matcher(counts); matcher.find(); ) {
      int repeats = matcher.group(2) == null ? 1 : Integer.parseInt(matcher.group(2));
      for (int i = 0; i < repeats; i++) {
        nodes.add(Integer.parseInt(matcher.group(1)));
      }
    }
    int node = number(environment, "SLURM_NODEID", 0);
    return node < nodes.size()
        ? nodes.get(node)
        : number(environment, "SLURM_NTASKS_PER_NODE", fallback);
  }

  private static int number(Map<String, String> environment, String name, int fallback) {
    String text = environment.get(name);
    try {
      return text == null ? fallback : Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "environment variable " + name + " is no number: " + text, e);
    }
  }
}
