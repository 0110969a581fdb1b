package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.cuda.CudaLibraries.Library;

/** What a user reads when a library is not there: its file, and the variable that leads to it. */
class CudaLibrariesTest {
  private static final String OPEN = ": cannot open shared object file: No such file or directory";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RUNTIME | /c/libjnicudart.so: libcudart.so.13 | CUDA runtime does not load: libcudart.so.13 is missing; set CUDA_HOME or LD_LIBRARY_PATH to where it is",
        "RUNTIME | /c/libjnicudart.so: libcuda.so.1 | libcuda.so.1 is missing, which comes with the NVIDIA driver",
        "CUDNN | /c/libjnicudnn.so: libcudnn.so.9 | cuDNN does not load: libcudnn.so.9 is missing; set CUDNN_HOME or LD_LIBRARY_PATH to where it is",
        "NCCL | /c/libjninccl.so: libnccl.so.2 | NCCL does not load: libnccl.so.2 is missing; set NCCL_HOME or LD_LIBRARY_PATH to where it is",
      })
  void namesTheMissingFile(Library library, String message, String expected) {
    CudaLibraries libraries =
        new CudaLibraries(
            name -> {
              throw new UnsatisfiedLinkError(message + OPEN);
            });
    assertEquals(Optional.of(expected), libraries.problem(library));
  }

  @Test
  void findsTheFileInTheCause() {
    UnsatisfiedLinkError error =
        new UnsatisfiedLinkError("no jnicudnn in java.library.path: /usr/lib");
    error.initCause(new UnsatisfiedLinkError("/c/libjnicudnn.so: libcudnn.so.9" + OPEN));
    CudaLibraries libraries =
        new CudaLibraries(
            name -> {
              throw error;
            });
    assertEquals(
        Optional.of(
            "cuDNN does not load: libcudnn.so.9 is missing; set CUDNN_HOME or LD_LIBRARY_PATH to where it is"),
        libraries.problem(Library.CUDNN));
  }

  @Test
  void saysWhatElseIsWrong() {
    CudaLibraries libraries =
        new CudaLibraries(
            name -> {
              throw new NoClassDefFoundError("Could not initialize class " + name);
            });
    assertEquals(
        Optional.of(
            "NVRTC does not load: java.lang.NoClassDefFoundError: Could not initialize class"
                + " org.bytedeco.cuda.global.nvrtc; set CUDA_HOME or LD_LIBRARY_PATH to where it is"),
        libraries.problem(Library.NVRTC));
  }

  @Test
  void stopsAtTheFirstThatFails() {
    List<String> asked = new ArrayList<>();
    CudaLibraries libraries =
        new CudaLibraries(
            name -> {
              asked.add(name.substring(name.lastIndexOf('.') + 1));
              if (name.endsWith("cublas")) {
                throw new UnsatisfiedLinkError("libcublas.so.13" + OPEN);
              }
            });
    assertEquals(Optional.empty(), libraries.problem(Library.RUNTIME, Library.NVRTC));
    assertEquals(
        Optional.of(
            "cuBLAS does not load: libcublas.so.13 is missing; set CUDA_HOME or LD_LIBRARY_PATH to where it is"),
        libraries.problem(Library.CUBLAS, Library.CUDNN));
    assertEquals(List.of("cudart", "nvrtc", "cublas"), asked);
  }
}
