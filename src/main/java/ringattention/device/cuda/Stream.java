package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaEventCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaEventDisableTiming;
import static org.bytedeco.cuda.global.cudart.cudaEventRecord;
import static org.bytedeco.cuda.global.cudart.cudaEventSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaStreamCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamNonBlocking;
import static org.bytedeco.cuda.global.cudart.cudaStreamQuery;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaStreamWaitEvent;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import ringattention.device.Completion;

/** A queue of work on the device. */
final class Stream implements AutoCloseable {
  /**
   * Events are used in turn. One that is recorded again before it was waited for stands for a later
   * point, which is after the earlier one too.
   */
  private static final int EVENTS = 64;

  private final CUstream_st handle = new CUstream_st();
  private final CUevent_st[] events = new CUevent_st[EVENTS];
  private int next;

  Stream() {
    Cuda.check(cudaStreamCreateWithFlags(handle, cudaStreamNonBlocking), "stream");
    for (int i = 0; i < EVENTS; i++) {
      events[i] = new CUevent_st();
      Cuda.check(cudaEventCreateWithFlags(events[i], cudaEventDisableTiming), "event");
    }
  }

  CUstream_st handle() {
    return handle;
  }

  /** A point in a stream of this GPU. */
  private record Point(CUevent_st event) implements Completion {
    @Override
    public void await() {
      Cuda.check(cudaEventSynchronize(event), "work on the GPU");
    }
  }

  /** A point after all work enqueued so far. */
  Completion mark() {
    CUevent_st event = events[next];
    next = (next + 1) % EVENTS;
    Cuda.check(cudaEventRecord(event, handle), "event");
    return new Point(event);
  }

  /** Work enqueued from now on starts after this point: the host waits only if it is of no GPU. */
  void waitFor(Completion completion) {
    if (completion instanceof Point point) {
      Cuda.check(cudaStreamWaitEvent(handle, point.event, 0), "wait on the GPU");
    } else {
      completion.await();
    }
  }

  /** Whether all work enqueued so far has been done. */
  boolean idle() {
    return cudaStreamQuery(handle) == 0;
  }

  void synchronize() {
    Cuda.check(cudaStreamSynchronize(handle), "work on the GPU");
  }

  @Override
  public void close() {
    for (CUevent_st event : events) {
      cudaEventDestroy(event);
    }
    cudaStreamDestroy(handle);
  }
}
