package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Transport of a group of one rank: copies inside the device. */
final class Loopback implements MessageTransport, CollectiveTransport {
  private final DeviceCopies copies;

  Loopback(DeviceCopies copies) {
    this.copies = copies;
  }

  @Override
  public Communicator.Request sendReceive(
      List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    List<Integer> sent = send.stream().map(ByteBuffer::remaining).toList();
    List<Integer> expected = receive.stream().map(ByteBuffer::remaining).toList();
    if (!sent.equals(expected)) {
      throw new CommunicationException(
          "rank 0 of 1: pieces of "
              + sent
              + " bytes were sent to itself, of "
              + expected
              + " bytes expected");
    }
    List<Communicator.Request> pieces = new ArrayList<>();
    for (int piece = 0; piece < send.size(); piece++) {
      pieces.add(copies.within(send.get(piece), receive.get(piece)));
    }
    return () -> pieces.forEach(Communicator.Request::await);
  }

  @Override
  public Communicator.Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
    return copies.within(send, receive.get(0));
  }

  @Override
  public Communicator.Request reduceScatter(
      Communicator.Element element, List<ByteBuffer> send, ByteBuffer receive) {
    return copies.within(send.get(0), receive);
  }

  @Override
  public void close() {}
}
