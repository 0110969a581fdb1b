package ringattention.run;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import ringattention.device.cuda.CudaLibraries;
import ringattention.device.cuda.CudaLibraries.Library;
import ringattention.device.cuda.Gpus;

/**
 * Whether each rank of a job has a GPU, and its libraries. The same on every rank.
 *
 * @param problem why they do not compute on GPUs; empty if they can
 * @param together the most ranks that have the same GPU
 */
record GpuPlaces(Optional<String> problem, int together) {
  /**
   * Looks where the ranks are. Collective.
   *
   * @param shared whether ranks may have the same GPU
   */
  static GpuPlaces of(Job job, boolean shared) {
    GpuChoice gpu = job.gpu();
    String problem = shared && gpu.ordinal() >= 0 ? "" : gpu.problem();
    if (problem.isEmpty()) {
      problem =
          new CudaLibraries().problem(Library.NVRTC, Library.CUBLAS, Library.CUDNN).orElse("");
    }
    Optional<String> first = first(job, problem);
    if (first.isPresent()) {
      return new GpuPlaces(first, 0);
    }
    String host = job.world().host();
    List<String> places = job.gather(host + " " + Gpus.busId(gpu.ordinal()));
    return new GpuPlaces(shared ? Optional.empty() : shared(places), together(places));
  }

  /** Returns how many ranks the GPU has that most ranks have. */
  static int together(List<String> places) {
    return places.stream().mapToInt(place -> Collections.frequency(places, place)).max().orElse(0);
  }

  /** Returns the first rank's problem, with its host where there are others. Collective. */
  static Optional<String> first(Job job, String problem) {
    String line =
        problem.isEmpty() || job.world().size() == 1
            ? problem
            : problem + " (rank " + job.world().rank() + " on " + job.world().host() + ")";
    return job.gather(line).stream().filter(text -> !text.isEmpty()).findFirst();
  }

  /**
   * Returns the host where ranks would share a GPU, in words; empty if there is none.
   *
   * @param places host and GPU of each rank
   */
  static Optional<String> shared(List<String> places) {
    for (String place : places) {
      String host = place.split(" ")[0];
      List<String> here = places.stream().filter(other -> other.startsWith(host + " ")).toList();
      int gpus = new HashSet<>(here).size();
      if (gpus < here.size()) {
        return Optional.of(GpuChoice.tooFew(here.size(), gpus) + " (" + host + ")");
      }
    }
    return Optional.empty();
  }
}
