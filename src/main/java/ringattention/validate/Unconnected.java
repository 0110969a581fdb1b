package ringattention.validate;

import java.nio.ByteBuffer;
import java.util.List;
import ringattention.comm.Communicator;

/**
 * A rank of a ring whose messages are done at once and carry nothing: the ring's computation alone,
 * for its time. Results are of what happens to lie in the receiving buffers.
 */
record Unconnected(int rank, int size) implements Communicator {
  private static final Request DONE = () -> {};

  /** Returns one in the place of such a rank. */
  static Communicator as(Communicator rank) {
    return new Unconnected(rank.rank(), rank.size());
  }

  @Override
  public Request sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    return DONE;
  }

  @Override
  public String host() {
    return "";
  }

  @Override
  public String description() {
    return "ranks that exchange nothing";
  }

  @Override
  public Communicator split(int color) {
    throw refused();
  }

  @Override
  public Communicator self() {
    throw refused();
  }

  @Override
  public void barrier() {
    throw refused();
  }

  @Override
  public Request allGather(ByteBuffer send, ByteBuffer receive) {
    throw refused();
  }

  @Override
  public Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
    throw refused();
  }

  @Override
  public Request reduceScatter(Element element, ByteBuffer send, ByteBuffer receive) {
    throw refused();
  }

  @Override
  public Request reduceScatter(Element element, List<ByteBuffer> send, ByteBuffer receive) {
    throw refused();
  }

  @Override
  public void allReduce(double[] values, Operation operation) {
    throw refused();
  }

  @Override
  public List<byte[]> gather(byte[] bytes) {
    throw refused();
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    throw refused();
  }

  @Override
  public void abort(int exitCode) {
    throw refused();
  }

  @Override
  public void close() {}

  private static UnsupportedOperationException refused() {
    return new UnsupportedOperationException("ranks that exchange nothing have no collectives");
  }
}
