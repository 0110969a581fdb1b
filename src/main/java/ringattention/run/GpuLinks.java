package ringattention.run;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import ringattention.device.Device;
import ringattention.device.cuda.CudaLibraries;
import ringattention.device.cuda.CudaLibraries.Library;
import ringattention.device.cuda.Nccl;
import ringattention.device.cuda.Staging;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** The links between the GPUs of a job: what the input asks for, or the fastest that works here. */
final class GpuLinks {
  private GpuLinks() {}

  /**
   * Returns how device memory goes between the ranks. Collective.
   *
   * @param shared whether ranks have the same GPU, which NCCL refuses
   * @throws InputException on every rank if what the input asks for does not work here
   */
  static TransportChoice choose(
      Job job, Configuration configuration, Device device, boolean shared) {
    ParallelConfig asked = configuration.get(ParallelConfig.SECTION);
    TransportChoice choice;
    try {
      choice =
          TransportChoice.of(
              asked.transport(),
              () -> cudaAwareProblem(job, device),
              () ->
                  shared
                      ? Optional.of("ranks share a GPU")
                      : GpuPlaces.first(job, new CudaLibraries().problem(Library.NCCL).orElse("")));
    } catch (TransportChoice.Unavailable e) {
      throw configuration.source().error("parallel.transport", e.getMessage());
    }
    if (asked.gradients() == GradientWire.BF16
        && job.world().size() > 1
        && choice.collectives() != TransportKind.NCCL) {
      throw configuration.source().error("parallel.gradients", "needs NCCL");
    }
    return choice;
  }

  /** Returns why MPI does not take device memory; empty if it does. Collective. */
  private static Optional<String> cudaAwareProblem(Job job, Device device) {
    String word =
        job.launch().devicePointers()
            ? ""
            : "this MPI is not known to take device pointers (RINGATTENTION_MPI_CUDA=1 says so)";
    Optional<String> problem = GpuPlaces.first(job, word);
    if (problem.isPresent() || job.world().size() == 1) {
      return problem;
    }
    try (Staging staging = new Staging()) {
      return ExchangeCheck.problem(job.world(), device, new GpuTransports.Copies(staging));
    }
  }

  /** Returns rows for the header. */
  static Map<String, String> rows(Job job, TransportChoice choice) {
    Map<String, String> rows = new LinkedHashMap<>();
    if (job.world().size() > 1) {
      String why = choice.passedOver().isEmpty() ? "" : " (" + choice.passedOver() + ")";
      rows.put("transport", name(job, choice.messages()) + why);
      rows.put("collectives", name(job, choice.collectives()));
    }
    return rows;
  }

  private static String name(Job job, TransportKind kind) {
    return switch (kind) {
      case CUDA_AWARE ->
          "CUDA-aware MPI ("
              + job.world().description().split(",", 2)[0]
              + ", exchange of device memory checked)";
      case NCCL -> Nccl.version();
      default -> "staged through pinned host memory";
    };
  }
}
