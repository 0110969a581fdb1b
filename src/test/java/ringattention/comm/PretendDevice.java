package ringattention.comm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Host memory in the part of a device's: a copy happens at the last moment, when it is awaited, so
 * that whoever uses its result too early gets garbage.
 */
final class PretendDevice implements DeviceCopies {
  private static final byte GARBAGE = 99;

  final List<ByteBuffer> pinned = new ArrayList<>();
  int unfinished; // copies begun and not awaited

  @Override
  public ByteBuffer pinned(int bytes) {
    ByteBuffer memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    pinned.add(memory);
    return memory;
  }

  @Override
  public Communicator.Request toHost(ByteBuffer device, ByteBuffer host) {
    return copy(device, host);
  }

  @Override
  public Communicator.Request toDevice(ByteBuffer host, ByteBuffer device) {
    return copy(host, device);
  }

  @Override
  public Communicator.Request within(ByteBuffer from, ByteBuffer to) {
    return copy(from, to);
  }

  private Communicator.Request copy(ByteBuffer from, ByteBuffer to) {
    if (from.remaining() != to.remaining()) {
      throw new IllegalArgumentException(from + " to " + to);
    }
    byte[] garbage = new byte[to.remaining()];
    Arrays.fill(garbage, GARBAGE);
    to.duplicate().put(garbage);
    unfinished++;
    boolean[] done = new boolean[1];
    return () -> {
      if (!done[0]) {
        done[0] = true;
        unfinished--;
        to.duplicate().put(from.duplicate());
      }
    };
  }
}
