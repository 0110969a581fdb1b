package ringattention.device;

import java.nio.ByteBuffer;

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
  ByteBuffer buffer(long offset, int length);

  @Override
  void close();
}
