package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cuGetErrorName;
import static org.bytedeco.cuda.global.cudart.cudaGetErrorName;
import static org.bytedeco.cuda.global.cudart.cudaGetErrorString;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** Calls into CUDA: what a failure says, and raw addresses as JavaCPP pointers. */
final class Cuda {
  private Cuda() {}

  /** An address that belongs to somebody else, on the device or on the host. */
  static final class Address extends Pointer {
    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }

    /** The same object at another place: saves an allocation in hot paths. */
    Address at(long newAddress) {
      this.address = newAddress;
      return this;
    }
  }

  static Address address(long address) {
    return new Address(address);
  }

  /**
   * Address of a direct buffer's first byte, which must lie in memory that somebody else keeps.
   *
   * @param buffer at position 0
   */
  static Address address(ByteBuffer buffer) {
    return new Address(new BytePointer(buffer).address());
  }

  /**
   * @param status of a call of the CUDA runtime
   * @param what the call was for
   */
  static void check(int status, String what) {
    if (status != 0) {
      throw new CudaException(
          what + ": " + text(cudaGetErrorName(status)) + ", " + text(cudaGetErrorString(status)));
    }
  }

  /**
   * @param status of a call of the CUDA driver
   * @param what the call was for
   */
  static void checkDriver(int status, String what) {
    if (status != 0) {
      try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
        String said =
            cuGetErrorName(status, name) == 0
                ? name.get(BytePointer.class, 0).getString()
                : "error " + status;
        throw new CudaException(what + ": " + said);
      }
    }
  }

  private static String text(BytePointer text) {
    return text == null ? "unknown error" : text.getString();
  }
}
