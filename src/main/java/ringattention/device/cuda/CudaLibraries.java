package ringattention.device.cuda;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The NVIDIA libraries on this machine: loaded one by one, so that a failure has a name. */
public final class CudaLibraries {
  /** A library, and the variable that says where it is. */
  public enum Library {
    RUNTIME("CUDA runtime", "cudart", "CUDA_HOME"),
    NVRTC("NVRTC", "nvrtc", "CUDA_HOME"),
    CUBLAS("cuBLAS", "cublas", "CUDA_HOME"),
    CUDNN("cuDNN", "cudnn", "CUDNN_HOME"),
    NCCL("NCCL", "nccl", "NCCL_HOME");

    private final String title;
    private final String binding;
    private final String variable;

    Library(String title, String binding, String variable) {
      this.title = title;
      this.binding = binding;
      this.variable = variable;
    }
  }

  /** Loads a class with its native library. */
  @FunctionalInterface
  interface Loader {
    void load(String className) throws ClassNotFoundException;
  }

  private static final Pattern MISSING =
      Pattern.compile("(lib[\\w.+-]+?\\.so[.\\d]*): cannot open shared object file");
  private static final Pattern WRONG_VERSION =
      Pattern.compile("(lib[\\w.+-]+?\\.so[.\\d]*): (?:version [^;\\n]*|undefined symbol: \\S+)");

  private final Loader loader;

  public CudaLibraries() {
    this(name -> org.bytedeco.javacpp.Loader.load(Class.forName(name, false, loaderOfClasses())));
  }

  CudaLibraries(Loader loader) {
    this.loader = loader;
  }

  private static ClassLoader loaderOfClasses() {
    return CudaLibraries.class.getClassLoader();
  }

  /**
   * Loads libraries in this order.
   *
   * @return one line about the first that does not load: the missing file, and the variable to set
   */
  public Optional<String> problem(Library... libraries) {
    for (Library library : libraries) {
      try {
        loader.load("org.bytedeco.cuda.global." + library.binding);
      } catch (LinkageError | ClassNotFoundException e) {
        return Optional.of(explain(library, e));
      }
    }
    return Optional.empty();
  }

  private static String explain(Library library, Throwable failure) {
    String text = failure.toString();
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      text += "\n" + cause;
    }
    Matcher missing = MISSING.matcher(text);
    if (missing.find()) {
      String file = missing.group(1);
      return file.startsWith("libcuda.")
          ? file + " is missing, which comes with the NVIDIA driver"
          : library.title + " does not load: " + file + " is missing; " + advice(library);
    }
    Matcher wrong = WRONG_VERSION.matcher(text);
    String reason = wrong.find() ? wrong.group() : text.lines().findFirst().orElse("");
    return library.title + " does not load: " + reason + "; " + advice(library);
  }

  private static String advice(Library library) {
    return "set " + library.variable + " or LD_LIBRARY_PATH to where it is";
  }
}
