package ringattention.run;

import java.nio.file.Files;
import java.nio.file.Path;
import ringattention.comm.Launch;
import ringattention.device.cuda.CudaException;
import ringattention.device.cuda.CudaLibraries;
import ringattention.device.cuda.CudaLibraries.Library;
import ringattention.device.cuda.Gpus;

/**
 * The GPU this rank has, to itself where there are enough.
 *
 * @param ordinal among those the process sees; -1 if there is none
 * @param problem why it has none to itself, in one line; empty if it has
 */
public record GpuChoice(int ordinal, String problem) {
  private static final Path DRIVER = Path.of("/dev/nvidiactl");

  private static GpuChoice none(String problem) {
    return new GpuChoice(-1, problem);
  }

  /**
   * By number among the ranks of the machine. A process that sees one GPU takes it: a batch system
   * shows each rank its own.
   *
   * @param gpus the process sees
   */
  static GpuChoice of(Launch launch, int gpus) {
    if (gpus == 0) {
      return none("no GPU is visible");
    }
    if (gpus == 1) {
      return new GpuChoice(0, "");
    }
    return launch.localSize() <= gpus
        ? new GpuChoice(launch.localRank(), "")
        : new GpuChoice(launch.localRank() % gpus, tooFew(launch.localSize(), gpus));
  }

  static String tooFew(int ranks, int gpus) {
    return ranks + " ranks on this machine but " + gpus + (gpus == 1 ? " GPU" : " GPUs");
  }

  /**
   * Chooses and makes the GPU the calling thread's own. Before MPI starts, which looks for it; the
   * input that may ask for the CPU is read later. Without a driver nothing is loaded.
   */
  public static GpuChoice atStart(Launch launch) {
    if (!Files.exists(DRIVER)) {
      return none("no NVIDIA driver (" + DRIVER + " is missing)");
    }
    try {
      return new CudaLibraries()
          .problem(Library.RUNTIME)
          .map(GpuChoice::none)
          .orElseGet(() -> select(of(launch, Gpus.count())));
    } catch (CudaException e) {
      return none(e.getMessage());
    }
  }

  private static GpuChoice select(GpuChoice choice) {
    if (choice.ordinal() >= 0) {
      Gpus.select(choice.ordinal());
    }
    return choice;
  }
}
