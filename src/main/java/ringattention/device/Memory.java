package ringattention.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One allocation on a device. Freed by closing it; never by a finalizer. */
public interface Memory extends AutoCloseable {
  /** Address in the device's address space. */
  long address();

  /** Size in bytes. */
  long bytes();

  /**
   * The range as a direct buffer over the same address, native byte order: what a communicator
   * takes. On a GPU its contents must not be touched from Java.
   *
   * @param length at most {@link Integer#MAX_VALUE} bytes
   */
  default ByteBuffer buffer(long offset, int length) {
    ByteBuffer window = new Window(address() + offset, length).asByteBuffer();
    return window.order(ByteOrder.nativeOrder()).limit(length); // JavaCPP takes a limit of 0 for 1
  }

  @Override
  void close();
}
