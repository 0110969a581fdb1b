package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaGraphDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphExecDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphInstantiate;
import static org.bytedeco.cuda.global.cudart.cudaGraphLaunch;
import static org.bytedeco.cuda.global.cudart.cudaStreamBeginCapture;
import static org.bytedeco.cuda.global.cudart.cudaStreamCaptureModeThreadLocal;
import static org.bytedeco.cuda.global.cudart.cudaStreamEndCapture;

import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import ringattention.device.Recorded;

/** Work of a stream as a CUDA graph, with that of other streams between its marks and waits. */
final class RecordedGraph implements Recorded {
  private static final String REFUSED =
      "this work cannot be recorded (it waits on the host, allocates or compiles something, or"
          + " leaves another queue's work unawaited): ";

  private final Stream stream;
  private final CUgraphExec_st graph;

  private RecordedGraph(Stream stream, CUgraphExec_st graph) {
    this.stream = stream;
    this.graph = graph;
  }

  /**
   * Records what the work enqueues; nothing is run.
   *
   * @throws CudaException if it is more than enqueuing
   */
  static RecordedGraph of(Stream stream, Runnable work) {
    Cuda.check(
        cudaStreamBeginCapture(stream.handle(), cudaStreamCaptureModeThreadLocal), "recording");
    CUgraph_st captured = new CUgraph_st();
    try {
      work.run();
    } catch (CudaException failure) {
      abandon(stream, captured);
      throw refusal(failure);
    } catch (RuntimeException | Error failure) {
      abandon(stream, captured);
      throw failure;
    }
    try {
      Cuda.check(cudaStreamEndCapture(stream.handle(), captured), "end of the recording");
    } catch (CudaException failure) {
      cudaGetLastError(); // said here, and not again
      throw refusal(failure);
    }
    try {
      CUgraphExec_st graph = new CUgraphExec_st();
      Cuda.check(cudaGraphInstantiate(graph, captured, 0), "graph of the recording");
      return new RecordedGraph(stream, graph);
    } finally {
      cudaGraphDestroy(captured);
    }
  }

  private static void abandon(Stream stream, CUgraph_st captured) {
    if (cudaStreamEndCapture(stream.handle(), captured) == 0) {
      cudaGraphDestroy(captured);
    }
    cudaGetLastError(); // that the recording is spoilt
  }

  private static CudaException refusal(CudaException failure) {
    CudaException refusal = new CudaException(REFUSED + failure.getMessage());
    refusal.initCause(failure);
    return refusal;
  }

  @Override
  public void run() {
    Cuda.check(cudaGraphLaunch(graph, stream.handle()), "recorded work");
  }

  /** Waits for the work, which the graph must outlive. */
  @Override
  public void close() {
    stream.synchronize();
    cudaGraphExecDestroy(graph);
  }
}
