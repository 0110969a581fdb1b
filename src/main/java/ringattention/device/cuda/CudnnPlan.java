package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_WORKSPACE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_INT64;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_VOID_PTR;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendExecute;

import java.util.List;
import org.bytedeco.javacpp.LongPointer;

/** A compiled graph, run again and again at other addresses. */
final class CudnnPlan implements AutoCloseable {
  private final Cudnn cudnn;
  private final CudnnGraph graph; // owns the plan, the scalars and all that the plan may refer to
  private final CudnnDescriptor plan;
  private final long workspaceBytes;
  private final int tensors;
  private final LongPointer ids;
  private final LongPointer addresses; // the tensors' are set by each call
  private final LongPointer workspace = new LongPointer(1);

  /**
   * @param tensors ids of the real tensors, in the order in which a call gives their addresses
   */
  CudnnPlan(
      Cudnn cudnn,
      CudnnGraph graph,
      CudnnDescriptor plan,
      List<Long> tensors,
      List<CudnnGraph.Scalar> scalars) {
    this.cudnn = cudnn;
    this.graph = graph;
    this.plan = plan;
    this.workspaceBytes = plan.getLong(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
    this.tensors = tensors.size();
    this.ids = new LongPointer((long) tensors.size() + scalars.size());
    this.addresses = new LongPointer((long) tensors.size() + scalars.size());
    for (int i = 0; i < tensors.size(); i++) {
      ids.put(i, tensors.get(i));
    }
    for (int i = 0; i < scalars.size(); i++) {
      ids.put(tensors.size() + i, scalars.get(i).id());
      addresses.put(tensors.size() + i, scalars.get(i).value().address());
    }
  }

  /** Device memory that a call needs beside its tensors. */
  long workspaceBytes() {
    return workspaceBytes;
  }

  /**
   * Enqueues the plan.
   *
   * @param workspaceAddress of {@link #workspaceBytes}
   * @param tensorAddresses of the graph's real tensors, in the order in which it declared them
   */
  void execute(long workspaceAddress, long... tensorAddresses) {
    if (tensorAddresses.length != tensors) {
      throw new IllegalArgumentException(tensorAddresses.length + " addresses of " + tensors);
    }
    for (int i = 0; i < tensors; i++) {
      addresses.put(i, tensorAddresses[i]);
    }
    workspace.put(workspaceAddress);
    long count = ids.capacity();
    try (CudnnDescriptor pack =
        new CudnnDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, "addresses")) {
      pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, addresses)
          .set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, ids)
          .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, workspace)
          .complete();
      Cudnn.check(cudnnBackendExecute(cudnn.handle(), plan.handle(), pack.handle()), "attention");
    }
  }

  @Override
  public void close() {
    graph.close();
    ids.close();
    addresses.close();
    workspace.close();
  }
}
