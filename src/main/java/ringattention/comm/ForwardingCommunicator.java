package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.List;

/** Leaves every call to the communicator below, but for what a subclass does otherwise. */
public abstract class ForwardingCommunicator implements Communicator {
  private final Communicator below;

  protected ForwardingCommunicator(Communicator below) {
    this.below = below;
  }

  protected final Communicator below() {
    return below;
  }

  @Override
  public int rank() {
    return below.rank();
  }

  @Override
  public int size() {
    return below.size();
  }

  @Override
  public String host() {
    return below.host();
  }

  @Override
  public Communicator split(int color) {
    return below.split(color);
  }

  @Override
  public Communicator self() {
    return below.self();
  }

  @Override
  public void barrier() {
    below.barrier();
  }

  @Override
  public Request sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    return below.sendReceive(send, to, receive, from);
  }

  @Override
  public Request allGather(ByteBuffer send, ByteBuffer receive) {
    return below.allGather(send, receive);
  }

  @Override
  public Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
    return below.allGather(send, receive);
  }

  @Override
  public Request reduceScatter(Element element, ByteBuffer send, ByteBuffer receive) {
    return below.reduceScatter(element, send, receive);
  }

  @Override
  public Request reduceScatter(Element element, List<ByteBuffer> send, ByteBuffer receive) {
    return below.reduceScatter(element, send, receive);
  }

  @Override
  public void allReduce(double[] values, Operation operation) {
    below.allReduce(values, operation);
  }

  @Override
  public List<byte[]> gather(byte[] bytes) {
    return below.gather(bytes);
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    return below.broadcast(bytes);
  }

  @Override
  public void abort(int exitCode) {
    below.abort(exitCode);
  }

  @Override
  public String description() {
    return below.description();
  }

  @Override
  public void close() {
    below.close();
  }
}
