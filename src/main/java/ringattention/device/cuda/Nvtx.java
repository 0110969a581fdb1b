package ringattention.device.cuda;

import org.bytedeco.cuda.cudart.cudaHostFn_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import ringattention.device.NamedWork;

/**
 * NVTX ranges of the calling thread, for Nsight. The presets have no NVTX and NVTX is a header, but
 * CUDA comes with a library of its functions for other languages. They are called through the
 * presets' pointer to a host function, void (void*): by the calling conventions of x86-64 and
 * AArch64 that also calls {@code int nvtxRangePushA(const char*)} and {@code int
 * nvtxRangePop(void)}.
 */
final class Nvtx {
  private static final String LIBRARY = "libnvtx3interop.so.1";

  private final PointerPointer<Pointer> pushCell; // what a function pointer of JavaCPP points to
  private final PointerPointer<Pointer> popCell;
  private final cudaHostFn_t push;
  private final cudaHostFn_t pop;

  /**
   * @throws UnsatisfiedLinkError if CUDA's library of NVTX functions is not found
   */
  Nvtx() {
    Loader.loadGlobal(LIBRARY);
    pushCell = cell("nvtxRangePushA");
    popCell = cell("nvtxRangePop");
    push = new cudaHostFn_t(pushCell);
    pop = new cudaHostFn_t(popCell);
  }

  private static PointerPointer<Pointer> cell(String function) {
    Pointer address = Loader.addressof(function);
    if (address == null) {
      throw new UnsatisfiedLinkError("no " + function + " in " + LIBRARY);
    }
    return new PointerPointer<Pointer>(1).put(0, address);
  }

  /** Pushes the range; closing pops it. */
  NamedWork range(String name) {
    try (BytePointer text = new BytePointer(name)) {
      push.call(text);
    }
    return () -> pop.call(null);
  }
}
