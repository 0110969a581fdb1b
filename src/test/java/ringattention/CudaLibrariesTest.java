package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** bin/cuda-libraries.sh on machines made of empty files. */
@Timeout(30)
class CudaLibrariesTest {
  private static final List<String> CUDA =
      List.of("libcudart.so.13", "libnvrtc.so.13", "libcublas.so.13");
  private static final List<String> CUDNN =
      List.of("libcudnn.so.9", "libcudnn_graph.so.9", "libcudnn_ops.so.9");
  private static final String SITE = "usr/local/lib/python3.12/dist-packages";

  @TempDir Path machine;

  @BeforeEach
  void makeGpu() throws IOException {
    files("dev", List.of("nvidia0", "nvidia1", "nvidiactl"));
    Path ldconfig = machine.resolve("bin/ldconfig");
    Files.createDirectories(ldconfig.getParent());
    Files.writeString(
        ldconfig, "#!/bin/sh\necho '\tlibcuda.so.1 (libc6,x86-64) => /driver/libcuda.so.1'\n");
    assertTrue(ldconfig.toFile().setExecutable(true));
  }

  private void files(String folder, List<String> names) throws IOException {
    Files.createDirectories(machine.resolve(folder));
    for (String name : names) {
      Files.writeString(machine.resolve(folder).resolve(name), "");
    }
  }

  /** A system's package: the names end in the full version, links lead to them. */
  private void versioned(String folder, List<String> names, String version) throws IOException {
    Files.createDirectories(machine.resolve(folder));
    for (String name : names) {
      String full = name.replaceAll("[0-9]+$", version);
      files(folder, List.of(full));
      Files.createSymbolicLink(machine.resolve(folder).resolve(name), Path.of(full));
    }
  }

  /** What a script prints after it has sourced the file; the machine's folder left out. */
  private String shell(Map<String, String> environment, String script)
      throws IOException, InterruptedException {
    String file = Path.of("bin/cuda-libraries.sh").toAbsolutePath().toString();
    ProcessBuilder builder =
        new ProcessBuilder("sh", "-euc", ". '" + file + "'; " + script).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().put("PATH", machine.resolve("bin") + ":/usr/bin:/bin");
    builder.environment().put("cuda_root", machine.toString());
    environment.forEach(
        (name, value) -> builder.environment().put(name, value.replace("@", machine.toString())));
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), output);
    return output.strip().replace(machine + "/", "");
  }

  private String found(Map<String, String> environment) throws IOException, InterruptedException {
    return shell(environment, "find_cuda_libraries; echo $cuda_front, $cuda_back");
  }

  @Test
  void looksForNothingWithoutAGpu() throws Exception {
    files("usr/local/cuda/lib64", CUDA);
    for (String device : List.of("nvidia0", "nvidia1")) {
      Files.delete(machine.resolve("dev").resolve(device));
    }
    assertEquals(",", found(Map.of()));
    assertEquals("0", shell(Map.of(), "gpu_count"));
    assertEquals("0", shell(Map.of("CUDA_VISIBLE_DEVICES", "0,1"), "gpu_count"));
  }

  @Test
  void countsTheGpusThatCudaMayUse() throws Exception {
    assertEquals("2", shell(Map.of(), "gpu_count"));
    assertEquals("1", shell(Map.of("CUDA_VISIBLE_DEVICES", "1"), "gpu_count"));
    assertEquals("0", shell(Map.of("CUDA_VISIBLE_DEVICES", ""), "gpu_count"));
  }

  /** As CUDA reads the variable: up to the first entry that names no GPU. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-1 | 0",
        "NoDevFiles | 0",
        "none | 0",
        "0,-1,1 | 1",
        "1,,0 | 1",
        "0,2,1 | 1",
        "1, 0 | 2",
        "GPU-8932f937-d72c,MIG-1 | 2",
        "GPU-8932f937-d72c,x | 1"
      })
  void countsNoEntryThatIsNoGpu(String visible, String count) throws Exception {
    assertEquals(count, shell(Map.of("CUDA_VISIBLE_DEVICES", visible), "gpu_count"));
  }

  @Test
  void findsWheels() throws Exception {
    files(SITE + "/nvidia/cu13/lib", CUDA);
    files(SITE + "/nvidia/cudnn/lib", CUDNN);
    files(SITE + "/nvidia/nccl/lib", List.of("libnccl.so.2"));
    String nvidia = SITE + "/nvidia/";
    assertEquals(
        nvidia + "cudnn/lib:" + nvidia + "cu13/lib:" + nvidia + "nccl/lib,", found(Map.of()));
  }

  @Test
  void takesTheNewestCudnnAsAWhole() throws Exception {
    versioned("usr/lib/x86_64-linux-gnu", CUDNN, "9.9.0");
    versioned("usr/local/cuda/lib64", CUDNN.subList(0, 1), "9.30.0"); // its parts are missing
    files(SITE + "/nvidia/cudnn/lib", CUDNN);
    files(SITE + "/nvidia_cudnn_cu13-9.14.0.64.dist-info", List.of());
    assertEquals(SITE + "/nvidia/cudnn/lib,", found(Map.of()));
  }

  @Test
  void leavesWheelsOfCuda12() throws Exception {
    files(SITE + "/nvidia/cudnn/lib", CUDNN);
    files(SITE + "/nvidia_cudnn_cu12-9.14.0.64.dist-info", List.of());
    assertEquals(",", found(Map.of()));
  }

  @Test
  void explicitVariablesWin() throws Exception {
    files("usr/local/cuda/lib64", CUDA);
    files("my/cuda/lib64", CUDA);
    versioned("usr/lib/x86_64-linux-gnu", CUDNN, "9.19.0");
    files("my/cudnn/lib", CUDNN);
    Map<String, String> homes = Map.of("CUDA_HOME", "@/my/cuda", "CUDNN_HOME", "@/my/cudnn");
    assertEquals("my/cudnn/lib:my/cuda/lib64,", found(homes));
  }

  @Test
  void putsTheSystemsFoldersLast() throws Exception {
    files("usr/local/cuda/lib64", CUDA.subList(0, 1)); // a toolkit without cuBLAS and NVRTC
    files("usr/local/cuda-13.0/targets/x86_64-linux/lib", CUDA);
    versioned("usr/lib/x86_64-linux-gnu", CUDNN, "9.19.0");
    assertEquals(
        "usr/local/cuda-13.0/targets/x86_64-linux/lib, usr/lib/x86_64-linux-gnu", found(Map.of()));
  }
}
