package ringattention.device.cpu;

import static org.bytedeco.openblas.global.openblas_nolapack.OPENBLAS_VERSION;
import static org.bytedeco.openblas.global.openblas_nolapack.blas_set_num_threads;

import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/** The OpenBLAS library of this process. */
final class OpenBlas {
  /** Cores OpenBLAS has kernels for on x86-64, newest first. */
  private static final List<String> CORES =
      List.of(
          "SAPPHIRERAPIDS",
          "COOPERLAKE",
          "SKYLAKEX",
          "ZEN",
          "HASWELL",
          "EXCAVATOR",
          "SANDYBRIDGE",
          "NEHALEM");

  private OpenBlas() {}

  /**
   * One thread per call, in the whole process: workers split the work themselves, so that its order
   * is theirs.
   */
  static void useOneThread() {
    blas_set_num_threads(1);
  }

  /**
   * For example {@code OpenBLAS 0.3.31 SAPPHIRERAPIDS}: version and the kernels it chose for this
   * machine.
   */
  static String description() {
    String version = OPENBLAS_VERSION.replace("OpenBLAS", "").trim();
    return ("OpenBLAS " + version + " " + core()).trim();
  }

  // The preset does not bind openblas_get_corename, but the library's table of kernels is a symbol
  // with the core in its name.
  private static String core() {
    Loader.load(openblas_nolapack.class);
    Pointer chosen = Loader.addressof("gotoblas");
    if (chosen == null) {
      return "";
    }
    long table = new LongPointer(chosen).get();
    return CORES.stream()
        .filter(
            core -> {
              Pointer candidate = Loader.addressof("gotoblas_" + core);
              return candidate != null && candidate.address() == table;
            })
        .findFirst()
        .orElse("");
  }
}
