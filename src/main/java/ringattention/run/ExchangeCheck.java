package ringattention.run;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import ringattention.comm.CommunicationException;
import ringattention.comm.Communicator;
import ringattention.comm.DeviceCopies;
import ringattention.device.Device;
import ringattention.device.Memory;

/** Sends device memory once around all ranks and looks at what arrives. */
public final class ExchangeCheck {
  // sent at once, and after asking the receiver; both are less than the smallest model's workspace
  private static final int[] SIZES = {1000, 512 << 10};

  private ExchangeCheck() {}

  /**
   * Collective. Only for a communicator that is said to take device memory: another would crash.
   *
   * @return what is wrong, the same on every rank; empty if all arrived as sent
   */
  static Optional<String> problem(Communicator world, Device device, DeviceCopies copies) {
    int wrong = 0;
    String thrown = "";
    for (int bytes : SIZES) {
      try (Memory sent = device.allocate(bytes);
          Memory received = device.allocate(bytes)) {
        wrong += exchange(world, sent.buffer(0, bytes), received.buffer(0, bytes), copies);
      } catch (CommunicationException e) {
        thrown = e.getMessage();
      }
    }
    double[] failures = {wrong, thrown.isEmpty() ? 0 : 1};
    world.allReduce(failures, Communicator.Operation.SUM);
    if (failures[0] + failures[1] == 0) {
      return Optional.empty();
    }
    return Optional.of(
        "an exchange of device memory by MPI was tried and failed: "
            + (failures[1] > 0 ? (long) failures[1] + " ranks got an error" : "wrong contents"));
  }

  /** Gives 1 if the contents are wrong. */
  private static int exchange(
      Communicator world, ByteBuffer sent, ByteBuffer received, DeviceCopies copies) {
    int ranks = world.size();
    int next = (world.rank() + 1) % ranks;
    int previous = (world.rank() + ranks - 1) % ranks;
    int bytes = sent.remaining();
    ByteBuffer host = copies.pinned(bytes);
    copies.toDevice(pattern(host, 0), received).await(); // not what is expected
    copies.toDevice(pattern(host, 1 + world.rank()), sent).await();
    world.sendReceive(List.of(sent), next, List.of(received), previous).await();
    copies.toHost(received, host).await();
    ByteBuffer expected = pattern(ByteBuffer.allocate(bytes), 1 + previous);
    return host.equals(expected) ? 0 : 1;
  }

  private static ByteBuffer pattern(ByteBuffer buffer, int seed) {
    for (int i = 0; i < buffer.capacity(); i++) {
      buffer.put(i, (byte) (31 * seed + i + (i >> 8) * 7));
    }
    return buffer;
  }
}
