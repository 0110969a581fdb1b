package ringattention.run;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import ringattention.comm.Communicator;
import ringattention.comm.Communicator.Request;
import ringattention.comm.DeviceCopies;
import ringattention.comm.DeviceTransports;
import ringattention.comm.MessageTransport;
import ringattention.comm.Stage;
import ringattention.comm.StagedTransport;
import ringattention.device.Collectives;
import ringattention.device.cuda.Nccl;
import ringattention.device.cuda.NcclGroup;
import ringattention.device.cuda.Staging;

/** The transports of one rank's GPU: hands what the communicator wants to CUDA and NCCL. */
public final class GpuTransports implements DeviceTransports, AutoCloseable {
  private static final int PIECE_BYTES = 4 << 20; // a copy of less does not reach the bus' speed

  private final TransportChoice choice;
  private final Staging staging = new Staging();
  private final DeviceCopies copies = new Copies(staging);
  private final Stage stage = new Stage(copies, PIECE_BYTES);
  private final List<NcclTransport> begun = new ArrayList<>();
  private Nccl nccl; // null until a group uses it

  GpuTransports(TransportChoice choice) {
    this.choice = choice;
  }

  @Override
  public Group open(Communicator host) {
    StagedTransport staged = new StagedTransport(host, stage);
    NcclTransport direct = new NcclTransport(host);
    MessageTransport messages =
        switch (choice.messages()) {
          case CUDA_AWARE -> host::sendReceive; // the pointers as they are
          case NCCL -> direct;
          default -> staged;
        };
    return new Group(messages, staged);
  }

  /**
   * Collectives that NCCL enqueues on the GPU. Called by every rank of the group.
   *
   * @param host the group's communicator for host memory
   */
  Collectives collectives(Communicator host) {
    return new NcclTransport(host).group();
  }

  @Override
  public DeviceCopies copies() {
    return copies;
  }

  @Override
  public void close() {
    staging.close();
    List.copyOf(begun).forEach(NcclTransport::close); // those of groups that are still open
    if (nccl != null) {
      nccl.close();
    }
  }

  /** Copies on a GPU as a communicator asks for them. */
  record Copies(Staging staging) implements DeviceCopies {
    @Override
    public ByteBuffer pinned(int bytes) {
      return staging.pinned(bytes);
    }

    @Override
    public Request toHost(ByteBuffer device, ByteBuffer host) {
      return staging.toHost(device, host)::await;
    }

    @Override
    public Request toDevice(ByteBuffer host, ByteBuffer device) {
      return staging.toDevice(host, device)::await;
    }

    @Override
    public Request within(ByteBuffer from, ByteBuffer to) {
      return staging.within(from, to)::await;
    }
  }

  /** NCCL for one group of ranks, begun at the first use: many groups never use it. */
  private final class NcclTransport implements MessageTransport {
    private final Communicator host;
    private NcclGroup group; // null before the first use

    NcclTransport(Communicator host) {
      this.host = host;
    }

    private NcclGroup group() {
      if (group == null) {
        if (nccl == null) {
          nccl = new Nccl();
        }
        byte[] id = host.broadcast(host.rank() == 0 ? Nccl.newGroupId() : null);
        group = nccl.join(id, host.size(), host.rank());
        begun.add(this);
      }
      return group;
    }

    @Override
    public Request sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
      return group().sendReceive(send, to, receive, from)::await;
    }

    @Override
    public void close() {
      if (group != null) {
        group.close();
        group = null;
        begun.remove(this);
      }
    }
  }
}
