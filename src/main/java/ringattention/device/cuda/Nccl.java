package ringattention.device.cuda;

import static org.bytedeco.cuda.global.nccl.ncclGetErrorString;
import static org.bytedeco.cuda.global.nccl.ncclGetUniqueId;
import static org.bytedeco.cuda.global.nccl.ncclGetVersion;

import org.bytedeco.cuda.nccl.ncclUniqueId;
import org.bytedeco.javacpp.BytePointer;

/**
 * NCCL for one rank. All its groups share one stream: NCCL's kernels wait for their peers, and two
 * that ran at once could wait for each other. Belongs to the GPU that is current when it is made.
 */
public final class Nccl implements AutoCloseable {
  private static final int ID_BYTES = 128;

  private final Stream stream = new Stream();

  /** For example {@code NCCL 2.28}. */
  public static String version() {
    int[] version = new int[1];
    check(ncclGetVersion(version), "version");
    return "NCCL " + Gpus.majorMinor(version[0]);
  }

  /** What one rank makes and all ranks of a new group must know. */
  public static byte[] newGroupId() {
    try (ncclUniqueId id = new ncclUniqueId()) {
      check(ncclGetUniqueId(id), "unique id");
      byte[] bytes = new byte[ID_BYTES];
      for (int i = 0; i < ID_BYTES; i++) {
        bytes[i] = id.internal(i);
      }
      return bytes;
    }
  }

  /** Called by every rank of the group with the same id; blocks until all have. */
  public NcclGroup join(byte[] groupId, int ranks, int rank) {
    try (ncclUniqueId id = new ncclUniqueId()) {
      for (int i = 0; i < ID_BYTES; i++) {
        id.internal(i, groupId[i]);
      }
      return new NcclGroup(id, ranks, rank, stream);
    }
  }

  static void check(int status, String what) {
    if (status != 0) {
      BytePointer text = ncclGetErrorString(status);
      throw new CudaException(
          "NCCL, " + what + ": " + (text == null ? "error " + status : text.getString()));
    }
  }

  @Override
  public void close() {
    stream.close(); // does not wait for work in flight
  }
}
