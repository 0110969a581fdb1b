package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import mpi.MPI;
import mpi.MPIException;
import mpi.Request;
import mpi.Status;

/**
 * MPI operations in flight. Holds their buffers: MPI knows only addresses, which the collector
 * would free.
 */
final class MpiRequest implements Communicator.Request {
  /** One operation; {@code expectedBytes} is negative unless it receives a message. */
  private record Part(String what, Request request, int expectedBytes) {}

  private final String who;
  private final List<Part> parts = new ArrayList<>();
  private final List<ByteBuffer> buffers = new ArrayList<>();

  /**
   * @param who this rank, for the text of errors
   */
  MpiRequest(String who) {
    this.who = who;
  }

  void add(String what, Request request, ByteBuffer... used) {
    parts.add(new Part(what, request, -1));
    buffers.addAll(List.of(used));
  }

  void addReceive(String what, Request request, ByteBuffer buffer) {
    parts.add(new Part(what, request, buffer.remaining()));
    buffers.add(buffer);
  }

  @Override
  public void await() {
    // one by one: MPI moves all of them forward while it waits for any, and the error is that of
    // one message
    for (Part part : parts) {
      await(part);
    }
    parts.clear();
    buffers.clear();
  }

  private void await(Part part) {
    int received;
    try {
      Status status = part.request.waitStatus();
      received = part.expectedBytes < 0 ? -1 : status.getCount(MPI.BYTE);
    } catch (MPIException e) {
      throw new CommunicationException(who + ": " + part.what + ": " + e.getMessage(), e);
    }
    if (received != part.expectedBytes) {
      throw new CommunicationException(
          who
              + ": "
              + part.what
              + ": "
              + received
              + " bytes came, "
              + part.expectedBytes
              + " expected");
    }
  }
}
