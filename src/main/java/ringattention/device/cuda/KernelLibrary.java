package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cuModuleGetFunction;
import static org.bytedeco.cuda.global.cudart.cuModuleLoadData;
import static org.bytedeco.cuda.global.cudart.cuModuleUnload;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.javacpp.BytePointer;

/** The kernels of src/main/cuda, compiled for one device at first use. */
final class KernelLibrary implements AutoCloseable {
  private final KernelCompiler compiler;
  private final Stream stream;
  private final Map<String, CUmod_st> modules = new HashMap<>();
  private final Map<String, Kernel> kernels = new HashMap<>();

  KernelLibrary(KernelCompiler compiler, Stream stream) {
    this.compiler = compiler;
    this.stream = stream;
  }

  /**
   * A kernel by its name.
   *
   * @param file name of its source without .cu
   */
  Kernel kernel(String file, String name) {
    return kernels.computeIfAbsent(
        file + "." + name,
        key -> {
          CUfunc_st function = new CUfunc_st();
          Cuda.checkDriver(
              cuModuleGetFunction(function, module(file), name), "kernel " + name + " of " + file);
          return new Kernel(name, function, stream);
        });
  }

  private CUmod_st module(String file) {
    return modules.computeIfAbsent(
        file,
        key -> {
          CUmod_st module = new CUmod_st();
          try (BytePointer image = new BytePointer(compiler.cubin(file))) {
            Cuda.checkDriver(cuModuleLoadData(module, image), "kernels of " + file + ".cu");
          }
          return module;
        });
  }

  @Override
  public void close() {
    kernels.values().forEach(Kernel::close);
    modules.values().forEach(module -> cuModuleUnload(module));
  }
}
