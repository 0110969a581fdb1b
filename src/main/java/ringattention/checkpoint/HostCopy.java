package ringattention.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import ringattention.device.Device;
import ringattention.device.Memory;
import ringattention.parallel.Parameter;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;

/** This rank's states on the host, laid out as the data of its file. Kept for the whole run. */
final class HostCopy implements AutoCloseable {
  private static final int WINDOW = 1 << 22; // bytes handed out at a time

  private final ShardLayout layout;
  private final Memory memory;
  private final PieceIndex<Memory> pieces = new PieceIndex<>();

  HostCopy(Device device, ShardLayout layout) {
    this.layout = layout;
    try {
      this.memory = device.allocateHost(layout.bytes());
    } catch (OutOfMemoryError full) {
      throw new OutOfMemoryError("host copy for checkpoints: " + full.getMessage());
    }
    layout
        .pieces()
        .forEach(piece -> pieces.add(piece, ShardLayout.cut(piece, layout.cuts()), memory));
  }

  ShardLayout layout() {
    return layout;
  }

  /** Copies all states of the parameters; returns when done. */
  void take(ShardedParameters parameters) {
    for (State state : State.values()) {
      parameters.saveExactly(
          state, (parameter, index, values) -> put(state, parameter, index, values));
    }
  }

  private void put(State state, Parameter parameter, long index, ByteBuffer values) {
    PieceIndex.Entry<Memory> piece =
        pieces
            .find(state, parameter.name(), index)
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "element " + index + " of " + parameter.name() + " is not of this rank"));
    ByteBuffer window = window(piece.offsetOf(index, layout.type()), values.remaining());
    StateNumbers.copy(values, layout.type(), window, layout.type());
  }

  /** A part of the data. */
  interface Part {
    void accept(ByteBuffer bytes) throws IOException;
  }

  /** Hands out all data in order. */
  void forEachPart(Part part) throws IOException {
    for (long done = 0; done < layout.bytes(); done += WINDOW) {
      part.accept(window(done, (int) Math.min(WINDOW, layout.bytes() - done)));
    }
  }

  private ByteBuffer window(long offset, int length) {
    return memory.buffer(offset, length).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    memory.close();
  }
}
