package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A communicator for device memory: messages, {@link #allGather} and {@link #reduceScatter} go by
 * transports, everything else by the communicator for host memory below.
 */
public final class DeviceCommunicator extends ForwardingCommunicator {
  private final DeviceTransports transports;
  private final DeviceTransports.Group group;

  /**
   * Called by every rank of the group.
   *
   * @param host the same ranks for host memory; closed with this
   */
  public DeviceCommunicator(Communicator host, DeviceTransports transports) {
    super(host);
    this.transports = transports;
    if (host.size() == 1) {
      Loopback alone = new Loopback(transports.copies());
      this.group = new DeviceTransports.Group(alone, alone);
    } else {
      this.group = transports.open(host);
    }
  }

  @Override
  public Communicator split(int color) {
    return new DeviceCommunicator(below().split(color), transports);
  }

  @Override
  public Communicator self() {
    return new DeviceCommunicator(below().self(), transports);
  }

  @Override
  public Request sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    Arguments.requireRank("receiving", to, size());
    Arguments.requireRank("sending", from, size());
    return group
        .messages()
        .sendReceive(Arguments.slices(send), to, Arguments.slices(receive), from);
  }

  @Override
  public Request allGather(ByteBuffer send, ByteBuffer receive) {
    Arguments.requireParts("allGather", send, receive, size());
    return group.collectives().allGather(Arguments.slice(send), Arguments.parts(receive, size()));
  }

  @Override
  public Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
    Arguments.requireParts("allGather", send, receive, size());
    return group.collectives().allGather(Arguments.slice(send), Arguments.slices(receive));
  }

  @Override
  public Request reduceScatter(Element element, ByteBuffer send, ByteBuffer receive) {
    Arguments.requireParts("reduceScatter", receive, send, size());
    Arguments.requireElements(element, receive);
    return group
        .collectives()
        .reduceScatter(element, Arguments.parts(send, size()), Arguments.slice(receive));
  }

  @Override
  public Request reduceScatter(Element element, List<ByteBuffer> send, ByteBuffer receive) {
    Arguments.requireParts("reduceScatter", receive, send, size());
    Arguments.requireElements(element, receive);
    return group
        .collectives()
        .reduceScatter(element, Arguments.slices(send), Arguments.slice(receive));
  }

  @Override
  public void close() {
    group.messages().close();
    group.collectives().close();
    super.close();
  }
}
