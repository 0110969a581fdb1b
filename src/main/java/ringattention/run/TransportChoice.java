package ringattention.run;

import java.util.Optional;
import java.util.function.Supplier;

/**
 * How device memory goes between ranks, and why.
 *
 * @param messages never AUTO
 * @param collectives NCCL or STAGED
 * @param passedOver what would have been faster and why it is not used, for the log; may be empty
 */
public record TransportChoice(
    TransportKind messages, TransportKind collectives, String passedOver) {
  /** A transport that was asked for and does not work here. */
  static final class Unavailable extends Exception {
    private static final long serialVersionUID = 1;

    Unavailable(String problem) {
      super(problem);
    }
  }

  /**
   * CUDA-aware MPI before NCCL before host memory. Sums never go to MPI as device pointers: Open
   * MPI's own non-blocking sums would read them on the host.
   *
   * @param cudaAware tries it; says what is wrong, if anything. Not called unless needed.
   * @param nccl as cudaAware
   * @throws Unavailable if what was asked for does not work
   */
  static TransportChoice of(
      TransportKind asked, Supplier<Optional<String>> cudaAware, Supplier<Optional<String>> nccl)
      throws Unavailable {
    Optional<String> ncclProblem = nccl.get();
    TransportKind collectives = ncclProblem.isEmpty() ? TransportKind.NCCL : TransportKind.STAGED;
    if (asked == TransportKind.STAGED) {
      return new TransportChoice(asked, collectives, "");
    }
    if (asked == TransportKind.NCCL) {
      require(ncclProblem);
      return new TransportChoice(asked, collectives, "");
    }
    Optional<String> cudaAwareProblem = cudaAware.get();
    if (asked == TransportKind.CUDA_AWARE) {
      require(cudaAwareProblem);
    }
    if (cudaAwareProblem.isEmpty()) {
      return new TransportChoice(TransportKind.CUDA_AWARE, collectives, "");
    }
    String passedOver =
        cudaAwareProblem.get() + ncclProblem.map(problem -> "; " + problem).orElse("");
    return new TransportChoice(collectives, collectives, passedOver);
  }

  private static void require(Optional<String> problem) throws Unavailable {
    if (problem.isPresent()) {
      throw new Unavailable(problem.get());
    }
  }
}
