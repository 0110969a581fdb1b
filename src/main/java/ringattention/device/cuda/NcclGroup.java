package ringattention.device.cuda;

import static org.bytedeco.cuda.global.nccl.ncclAllGather;
import static org.bytedeco.cuda.global.nccl.ncclBfloat16;
import static org.bytedeco.cuda.global.nccl.ncclCommCount;
import static org.bytedeco.cuda.global.nccl.ncclCommDestroy;
import static org.bytedeco.cuda.global.nccl.ncclCommInitRank;
import static org.bytedeco.cuda.global.nccl.ncclCommSplit;
import static org.bytedeco.cuda.global.nccl.ncclCommUserRank;
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
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.cuda.nccl.ncclConfig_t;
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
  private final int rank;
  private final List<NcclGroup> parts = new ArrayList<>();

  NcclGroup(ncclUniqueId id, int ranks, int rank, Stream stream) {
    this.stream = stream;
    this.ranks = ranks;
    this.rank = rank;
    Nccl.check(ncclCommInitRank(group, ranks, id, rank), "start of " + ranks + " ranks");
  }

  /** Ranks of a group that name the same color; their work is in one stream with the group's. */
  private NcclGroup(NcclGroup whole, int color) {
    this.stream = whole.stream;
    int status = ncclCommSplit(whole.group, color, whole.rank, group, (ncclConfig_t) null);
    Nccl.check(status, "split of " + whole.ranks + " ranks");
    int[] counted = new int[1];
    Nccl.check(ncclCommCount(group, counted), "number of ranks");
    this.ranks = counted[0];
    Nccl.check(ncclCommUserRank(group, counted), "own rank");
    this.rank = counted[0];
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

  @Override
  public Collectives split(int color) {
    NcclGroup part = new NcclGroup(this, color);
    parts.add(part);
    return part;
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
      parts.forEach(NcclGroup::close);
      Nccl.check(ncclCommDestroy(group), "end");
    }
  }
}
