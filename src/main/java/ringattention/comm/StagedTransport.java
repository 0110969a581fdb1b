package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/**
 * Device memory between ranks by way of host memory, in pieces whose copies and messages overlap.
 * No thread of its own: what does not fit into the first pieces moves while a request is awaited,
 * and requests of a group are carried out in the order they were made.
 */
public final class StagedTransport implements MessageTransport, CollectiveTransport {
  private static final Communicator.Request DONE = () -> {};

  private final Communicator host;
  private final Stage stage;
  private final Queue<Pipeline> unfinished = new ArrayDeque<>();

  /**
   * @param host the group's ranks for host memory; not closed with this
   */
  public StagedTransport(Communicator host, Stage stage) {
    this.host = host;
    this.stage = stage;
  }

  @Override
  public Communicator.Request sendReceive(
      List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    return start(new Message(pieces(send), to, pieces(receive), from));
  }

  @Override
  public Communicator.Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
    return start(new Gather(send, receive));
  }

  @Override
  public Communicator.Request reduceScatter(
      Communicator.Element element, List<ByteBuffer> send, ByteBuffer receive) {
    return start(new Scatter(element, send, receive));
  }

  private Communicator.Request start(Pipeline.Steps steps) {
    Pipeline pipeline = new Pipeline(steps, stage, host.size());
    // pieces of two requests between the same ranks must not mix
    if (unfinished.stream().allMatch(Pipeline::allSent)) {
      pipeline.start();
    }
    unfinished.add(pipeline);
    return () -> finish(pipeline);
  }

  private void finish(Pipeline last) {
    while (unfinished.contains(last)) {
      unfinished.remove().finish();
    }
  }

  /** Cut so that each piece fits a slot; an empty buffer stays a piece. */
  private List<ByteBuffer> pieces(List<ByteBuffer> buffers) {
    List<ByteBuffer> pieces = new ArrayList<>();
    for (ByteBuffer buffer : buffers) {
      int from = 0;
      do {
        int bytes = Math.min(stage.pieceBytes(), buffer.remaining() - from);
        pieces.add(buffer.slice(from, bytes));
        from += bytes;
      } while (from < buffer.remaining());
    }
    return pieces;
  }

  /** All of several copies. */
  private static Communicator.Request all(List<Communicator.Request> requests) {
    return () -> requests.forEach(Communicator.Request::await);
  }

  private final class Message implements Pipeline.Steps {
    private final List<ByteBuffer> send;
    private final int to;
    private final List<ByteBuffer> receive;
    private final int from;

    Message(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
      this.send = send;
      this.to = to;
      this.receive = receive;
      this.from = from;
    }

    @Override
    public int count() {
      return Math.max(send.size(), receive.size());
    }

    @Override
    public Communicator.Request load(int step, Stage.Slot slot) {
      return step < send.size()
          ? stage.copies().toHost(send.get(step), outgoing(step, slot))
          : DONE;
    }

    @Override
    public Communicator.Request exchange(int step, Stage.Slot slot) {
      return host.sendReceive(
          step < send.size() ? List.of(outgoing(step, slot)) : List.of(),
          to,
          step < receive.size() ? List.of(incoming(step, slot)) : List.of(),
          from);
    }

    @Override
    public Communicator.Request store(int step, Stage.Slot slot) {
      return step < receive.size()
          ? stage.copies().toDevice(incoming(step, slot), receive.get(step))
          : DONE;
    }

    private ByteBuffer outgoing(int step, Stage.Slot slot) {
      return slot.send().slice(0, send.get(step).remaining());
    }

    private ByteBuffer incoming(int step, Stage.Slot slot) {
      return slot.receive().slice(0, receive.get(step).remaining());
    }
  }

  /** A collective in steps: each takes the same range of every rank's part. */
  private abstract class Collective implements Pipeline.Steps {
    private final int partBytes = stage.partBytes(host.size());
    private final int whole; // bytes of one rank's part

    Collective(int whole) {
      this.whole = whole;
    }

    @Override
    public final int count() {
      return (int) (((long) whole + partBytes - 1) / partBytes);
    }

    final int offset(int step) {
      return step * partBytes;
    }

    final int bytes(int step) {
      return Math.min(partBytes, whole - offset(step));
    }

    /** This step's range of a rank's part. */
    final ByteBuffer range(ByteBuffer part, int step) {
      return part.slice(offset(step), bytes(step));
    }

    final ByteBuffer staged(ByteBuffer parts, int rank, int step) {
      return parts.slice(rank * bytes(step), bytes(step));
    }

    final ByteBuffer staged(ByteBuffer parts, int step) {
      return parts.slice(0, host.size() * bytes(step));
    }
  }

  private final class Gather extends Collective {
    private final ByteBuffer send;
    private final List<ByteBuffer> receive;

    Gather(ByteBuffer send, List<ByteBuffer> receive) {
      super(send.remaining());
      this.send = send;
      this.receive = receive;
    }

    @Override
    public Communicator.Request load(int step, Stage.Slot slot) {
      return stage.copies().toHost(range(send, step), staged(slot.send(), 0, step));
    }

    @Override
    public Communicator.Request exchange(int step, Stage.Slot slot) {
      return host.allGather(staged(slot.send(), 0, step), staged(slot.receive(), step));
    }

    @Override
    public Communicator.Request store(int step, Stage.Slot slot) {
      List<Communicator.Request> parts = new ArrayList<>();
      for (int rank = 0; rank < host.size(); rank++) {
        parts.add(
            stage
                .copies()
                .toDevice(staged(slot.receive(), rank, step), range(receive.get(rank), step)));
      }
      return all(parts);
    }
  }

  private final class Scatter extends Collective {
    private final Communicator.Element element;
    private final List<ByteBuffer> send;
    private final ByteBuffer receive;

    Scatter(Communicator.Element element, List<ByteBuffer> send, ByteBuffer receive) {
      super(receive.remaining());
      this.element = element;
      this.send = send;
      this.receive = receive;
    }

    @Override
    public Communicator.Request load(int step, Stage.Slot slot) {
      List<Communicator.Request> parts = new ArrayList<>();
      for (int rank = 0; rank < host.size(); rank++) {
        parts.add(
            stage.copies().toHost(range(send.get(rank), step), staged(slot.send(), rank, step)));
      }
      return all(parts);
    }

    @Override
    public Communicator.Request exchange(int step, Stage.Slot slot) {
      return host.reduceScatter(
          element, staged(slot.send(), step), staged(slot.receive(), 0, step));
    }

    @Override
    public Communicator.Request store(int step, Stage.Slot slot) {
      return stage.copies().toDevice(staged(slot.receive(), 0, step), range(receive, step));
    }
  }

  @Override
  public void close() {}
}
