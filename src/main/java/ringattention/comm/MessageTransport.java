package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Messages in device memory between the ranks of one group. Buffers are windows over device memory:
 * an implementation uses their addresses and sizes, never their contents.
 */
@FunctionalInterface
public interface MessageTransport extends AutoCloseable {
  /**
   * Starts an exchange like {@link Communicator#sendReceive}. The data are in device memory once it
   * was awaited.
   */
  Communicator.Request sendReceive(
      List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from);

  @Override
  default void close() {}
}
