package ringattention.comm;

import java.nio.ByteBuffer;

/** Collectives on device memory over the ranks of one group; see {@link MessageTransport}. */
public interface CollectiveTransport extends AutoCloseable {
  /** As {@link Communicator#allGather}. */
  Communicator.Request allGather(ByteBuffer send, ByteBuffer receive);

  /** As {@link Communicator#reduceScatter}. */
  Communicator.Request reduceScatter(
      Communicator.Element element, ByteBuffer send, ByteBuffer receive);

  @Override
  default void close() {}
}
