package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.List;

/** Collectives on device memory over the ranks of one group; see {@link MessageTransport}. */
public interface CollectiveTransport extends AutoCloseable {
  /** Starts {@link Communicator#allGather(ByteBuffer, List)}. */
  Communicator.Request allGather(ByteBuffer send, List<ByteBuffer> receive);

  /** Starts {@link Communicator#reduceScatter(Communicator.Element, List, ByteBuffer)}. */
  Communicator.Request reduceScatter(
      Communicator.Element element, List<ByteBuffer> send, ByteBuffer receive);

  @Override
  default void close() {}
}
