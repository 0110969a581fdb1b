package ringattention.device.cuda;

import static org.bytedeco.cuda.global.nccl.ncclAllGather;
import static org.bytedeco.cuda.global.nccl.ncclBfloat16;
import static org.bytedeco.cuda.global.nccl.ncclCommDestroy;
import static org.bytedeco.cuda.global.nccl.ncclCommInitRank;
import static org.bytedeco.cuda.global.nccl.ncclFloat32;
import static org.bytedeco.cuda.global.nccl.ncclFloat64;
import static org.bytedeco.cuda.global.nccl.ncclGroupEnd;
import static org.bytedeco.cuda.global.nccl.ncclGroupStart;
import static org.bytedeco.cuda.global.nccl.ncclInt8;
import static org.bytedeco.cuda.global.nccl.ncclRecv;
import static org.bytedeco.cuda.global.nccl.ncclReduceScatter;
import static org.bytedeco.cuda.global.nccl.ncclSend;
import static org.bytedeco.cuda.global.nccl.ncclSum;

import java.nio.ByteBuffer;
import java.util.List;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.cuda.nccl.ncclUniqueId;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.Tensor;

/** Messages and collectives over the GPUs of a group of ranks. */
public final class NcclGroup implements Collectives, AutoCloseable {
  private final ncclComm group = new ncclComm();
  private final Stream stream;
  private final int ranks;

  NcclGroup(ncclUniqueId id, int ranks, int rank, Stream stream) {
    this.stream = stream;
    this.ranks = ranks;
    Nccl.check(ncclCommInitRank(group, ranks, id, rank), "start of " + ranks + " ranks");
  }

  /** Sends pieces to one rank while pieces arrive from another. Empty pieces are left out. */
  public Completion sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    Nccl.check(ncclGroupStart(), "start of a message");
    for (ByteBuffer piece : send) {
      if (piece.hasRemaining()) {
        send(Cuda.address(piece), piece.remaining(), to);
      }
    }
    for (ByteBuffer piece : receive) {
      if (piece.hasRemaining()) {
        receive(Cuda.address(piece), piece.remaining(), from);
      }
    }
    Nccl.check(ncclGroupEnd(), "message to rank " + to + ", from rank " + from);
    return stream.mark();
  }

  @Override
  public Completion allGather(Tensor part, Tensor whole, Completion after) {
    requireParts(part, whole);
    stream.waitFor(after);
    int status =
        ncclAllGather(
            Cuda.address(part.address()),
            Cuda.address(whole.address()),
            part.bytes(),
            ncclInt8,
            group,
            stream.handle());
    Nccl.check(status, "allGather of " + part.bytes() + " bytes");
    return stream.mark();
  }

  @Override
  public Completion reduceScatter(Tensor whole, Tensor part, Completion after) {
    requireParts(part, whole);
    stream.waitFor(after);
    int status =
        ncclReduceScatter(
            Cuda.address(whole.address()),
            Cuda.address(part.address()),
            part.elements(),
            type(part.dtype()),
            ncclSum,
            group,
            stream.handle());
    Nccl.check(status, "reduceScatter of parts of " + part.bytes() + " bytes");
    return stream.mark();
  }

  @Override
  public Completion allToAll(List<Part> parts, Completion after) {
    stream.waitFor(after);
    Nccl.check(ncclGroupStart(), "start of an all-to-all");
    for (Part part : parts) {
      for (Tensor tensor : part.send()) {
        send(Cuda.address(tensor.address()), tensor.bytes(), part.rank());
      }
      for (Tensor tensor : part.receive()) {
        receive(Cuda.address(tensor.address()), tensor.bytes(), part.rank());
      }
    }
    Nccl.check(ncclGroupEnd(), "all-to-all of " + (parts.size() + 1) + " ranks");
    return stream.mark();
  }

  private void send(Cuda.Address from, long bytes, int to) {
    Nccl.check(ncclSend(from, bytes, ncclInt8, to, group, stream.handle()), "send to rank " + to);
  }

  private void receive(Cuda.Address to, long bytes, int from) {
    int status = ncclRecv(to, bytes, ncclInt8, from, group, stream.handle());
    Nccl.check(status, "receive from rank " + from);
  }

  private void requireParts(Tensor part, Tensor whole) {
    if (part.dtype() != whole.dtype() || part.elements() * ranks != whole.elements()) {
      throw new IllegalArgumentException(part + " of " + ranks + " ranks is no part of " + whole);
    }
  }

  private static int type(DType element) {
    return switch (element) {
      case BF16 -> ncclBfloat16;
      case F32 -> ncclFloat32;
      case F64 -> ncclFloat64;
      case I32 -> throw new IllegalArgumentException("integers are not summed");
    };
  }

  /**
   * Ends the group. With work in flight this rank has failed: then the group is left as it is, for
   * waiting for its peers would keep the rank from saying so.
   */
  @Override
  public void close() {
    if (stream.idle()) {
      Nccl.check(ncclCommDestroy(group), "end");
    }
  }
}
