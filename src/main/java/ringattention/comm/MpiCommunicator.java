package ringattention.comm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import mpi.Datatype;
import mpi.Intracomm;
import mpi.MPI;
import mpi.MPIException;
import mpi.Op;

/**
 * Ranks as processes, through Open MPI's Java bindings. Buffers reach MPI as addresses: nothing is
 * copied here.
 */
final class MpiCommunicator implements Communicator {
  /**
   * Bytes of parts that lie apart and are summed together: MPI copies the whole twice, beside this.
   */
  private static final int TOGETHER = 64 << 20;

  private final Intracomm group;
  private final int rank;
  private final int size;
  private final String host;
  private final String description;
  private final String who;
  private final PartsTogether together;

  MpiCommunicator(Intracomm group, String host, String description) throws MPIException {
    this.group = group;
    this.rank = group.getRank();
    this.size = group.getSize();
    this.host = host;
    this.description = description;
    this.who = "rank " + rank + " of " + size + " on " + host;
    this.together = new PartsTogether(this, TOGETHER);
  }

  /** A step that MPI may fail. */
  private interface Call<T> {
    T make() throws MPIException;
  }

  private <T> T call(String what, Call<T> call) {
    try {
      return call.make();
    } catch (MPIException e) {
      throw new CommunicationException(who + ": " + what + ": " + e.getMessage(), e);
    }
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public String host() {
    return host;
  }

  @Override
  public Communicator split(int color) {
    Arguments.requireColor(color);
    return call(
        "split with color " + color,
        () -> {
          Intracomm part = group.split(color, rank);
          part.setErrhandler(MPI.ERRORS_RETURN);
          return new MpiCommunicator(part, host, description);
        });
  }

  @Override
  public Communicator self() {
    return LocalCommunicator.single();
  }

  @Override
  public void barrier() {
    call(
        "barrier",
        () -> {
          group.barrier();
          return null;
        });
  }

  @Override
  public Request sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    Arguments.requireRank("receiving", to, size);
    Arguments.requireRank("sending", from, size);
    List<ByteBuffer> sent = Arguments.slices(send);
    List<ByteBuffer> received = Arguments.slices(receive);
    MpiRequest request = new MpiRequest(who);
    // receives first, so that no message has to wait in a buffer of MPI's; the tag is the number of
    // the piece
    for (int piece = 0; piece < received.size(); piece++) {
      ByteBuffer buffer = received.get(piece);
      int tag = piece;
      String what =
          "receive of piece " + piece + " (" + buffer.remaining() + " bytes) from rank " + from;
      request.addReceive(
          what,
          call(what, () -> group.iRecv(buffer, buffer.remaining(), MPI.BYTE, from, tag)),
          buffer);
    }
    for (int piece = 0; piece < sent.size(); piece++) {
      ByteBuffer buffer = sent.get(piece);
      int tag = piece;
      String what = "send of piece " + piece + " (" + buffer.remaining() + " bytes) to rank " + to;
      request.add(
          what,
          call(what, () -> group.iSend(buffer, buffer.remaining(), MPI.BYTE, to, tag)),
          buffer);
    }
    return request;
  }

  @Override
  public Request allGather(ByteBuffer send, ByteBuffer receive) {
    Arguments.requireParts("allGather", send, receive, size);
    ByteBuffer part = Arguments.slice(send);
    ByteBuffer whole = Arguments.slice(receive);
    int count = part.remaining();
    String what = "allGather of " + count + " bytes";
    mpi.Request started =
        call(what, () -> group.iAllGather(part, count, MPI.BYTE, whole, count, MPI.BYTE));
    return collective(what, started, part, whole);
  }

  @Override
  public Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
    return together.allGather(send, receive);
  }

  @Override
  public Request reduceScatter(Element element, ByteBuffer send, ByteBuffer receive) {
    Arguments.requireParts("reduceScatter", receive, send, size);
    Arguments.requireElements(element, receive);
    ByteBuffer whole = Arguments.slice(send);
    ByteBuffer part = Arguments.slice(receive);
    int count = part.remaining() / element.bytes();
    Datatype type = element == Element.F32 ? MPI.FLOAT : MPI.DOUBLE;
    String what = "reduceScatter of " + count + " " + element;
    mpi.Request started =
        call(what, () -> group.iReduceScatterBlock(whole, part, count, type, MPI.SUM));
    return collective(what, started, whole, part);
  }

  @Override
  public Request reduceScatter(Element element, List<ByteBuffer> send, ByteBuffer receive) {
    return together.reduceScatter(element, send, receive);
  }

  private Request collective(
      String what, mpi.Request started, ByteBuffer send, ByteBuffer receive) {
    MpiRequest request = new MpiRequest(who);
    request.add(what, started, send, receive);
    return request;
  }

  @Override
  public void allReduce(double[] values, Operation operation) {
    switch (operation) {
      case SUM -> allReduce(values, MPI.SUM, "SUM");
      case MIN -> extreme(values, MPI.MIN, "MIN", Double.POSITIVE_INFINITY);
      case MAX -> extreme(values, MPI.MAX, "MAX", Double.NEGATIVE_INFINITY);
    }
  }

  /**
   * MPI says nothing of a NaN in a maximum; comparisons drop or keep it by the order of ranks. So
   * NaN travels as a second number of each value, which any rank can make the extreme one.
   *
   * @param none what any number is more extreme than
   */
  private void extreme(double[] values, Op op, String name, double none) {
    double[] both = new double[2 * values.length];
    for (int i = 0; i < values.length; i++) {
      boolean number = !Double.isNaN(values[i]);
      both[2 * i] = number ? values[i] : none;
      both[2 * i + 1] = number ? 0 : -Math.signum(none);
    }
    allReduce(both, op, name);
    for (int i = 0; i < values.length; i++) {
      values[i] = both[2 * i + 1] == 0 ? both[2 * i] : Double.NaN;
    }
  }

  private void allReduce(double[] values, Op op, String name) {
    call(
        "allReduce " + name + " of " + values.length,
        () -> {
          group.allReduce(values, values.length, MPI.DOUBLE, op);
          return null;
        });
  }

  @Override
  public List<byte[]> gather(byte[] bytes) {
    return call(
        "gather of " + bytes.length + " bytes",
        () -> rank == 0 ? gatherHere(bytes) : sendToRoot(bytes));
  }

  private List<byte[]> gatherHere(byte[] own) throws MPIException {
    ByteBuffer sizes = direct(Integer.BYTES * size);
    group.gather(sizeOf(own), 1, MPI.INT, sizes, 1, MPI.INT, 0);
    int[] counts = new int[size];
    sizes.asIntBuffer().get(counts);
    int[] offsets = new int[size];
    for (int i = 1; i < size; i++) {
      offsets[i] = Math.addExact(offsets[i - 1], counts[i - 1]);
    }
    ByteBuffer all = direct(Math.addExact(offsets[size - 1], counts[size - 1]));
    group.gatherv(direct(own), own.length, MPI.BYTE, all, counts, offsets, MPI.BYTE, 0);
    List<byte[]> parts = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      byte[] part = new byte[counts[i]];
      all.get(offsets[i], part);
      parts.add(part);
    }
    return parts;
  }

  private List<byte[]> sendToRoot(byte[] own) throws MPIException {
    group.gather(sizeOf(own), 1, MPI.INT, 0);
    group.gatherv(direct(own), own.length, MPI.BYTE, 0);
    return List.of();
  }

  // direct buffers: the bindings' own copies of large arrays write past their end (seen with 4.1.4,
  // gatherv of 260 kB)
  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private static ByteBuffer direct(byte[] bytes) {
    return direct(bytes.length).put(0, bytes);
  }

  private static ByteBuffer sizeOf(byte[] bytes) {
    return direct(Integer.BYTES).putInt(0, bytes.length);
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    Arguments.requireRoot(rank, bytes);
    return call(
        "broadcast",
        () -> {
          ByteBuffer length = rank == 0 ? sizeOf(bytes) : direct(Integer.BYTES);
          group.bcast(length, 1, MPI.INT, 0);
          byte[] received = new byte[length.getInt(0)];
          ByteBuffer buffer = rank == 0 ? direct(bytes) : direct(received.length);
          group.bcast(buffer, received.length, MPI.BYTE, 0);
          buffer.get(0, received);
          return received;
        });
  }

  @Override
  public void abort(int exitCode) {
    // the world's, for a smaller group's would leave the other ranks waiting
    String what = "abort with exit code " + exitCode;
    call(
        what,
        () -> {
          MPI.COMM_WORLD.abort(exitCode);
          return null;
        });
    throw new CommunicationException(who + ": " + what + " returned");
  }

  @Override
  public String description() {
    return description;
  }

  /** Frees a group made by {@link #split}; the world lives until MPI ends. */
  @Override
  public void close() {
    if (group != MPI.COMM_WORLD && !group.isNull()) {
      call(
          "close",
          () -> {
            group.free();
            return null;
          });
    }
  }
}
