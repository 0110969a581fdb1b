package ringattention.device.cuda;

import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fused plans of one device by shape, compiled when first needed; some shapes have none. */
final class PlanCache implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PlanCache.class);

  /** Plans of one direction. One sequence has a few; documents of any length have hundreds. */
  private static final int MOST = 512;

  /** cuDNN has no engine for a shape. Nothing was computed; scores in memory will have to do. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refusal(String message) {
      super(message);
    }
  }

  private interface Builder {
    CudnnPlan plan(Cudnn cudnn, FusedShape shape);
  }

  private final Cudnn cudnn;
  private final RecentPlans<FusedShape, CudnnPlan> forward;
  private final RecentPlans<FusedShape, CudnnPlan> backward;
  private final Map<FusedShape, Refusal> refusedForward = new HashMap<>();
  private final Map<FusedShape, Refusal> refusedBackward = new HashMap<>();

  /**
   * @param idle waits until nothing on the device uses a plan any more
   */
  PlanCache(Cudnn cudnn, Runnable idle) {
    this.cudnn = cudnn;
    this.forward = new RecentPlans<>(MOST, idle, CudnnPlan::close);
    this.backward = new RecentPlans<>(MOST, idle, CudnnPlan::close);
  }

  /**
   * @see FusedForward#plan
   * @throws Refusal if there is none
   */
  CudnnPlan forward(FusedShape shape) {
    return find(shape, "forward", forward, refusedForward, FusedForward::plan);
  }

  /**
   * @see FusedBackward#plan
   * @throws Refusal if there is none
   */
  CudnnPlan backward(FusedShape shape) {
    return find(shape, "backward", backward, refusedBackward, FusedBackward::plan);
  }

  private CudnnPlan find(
      FusedShape shape,
      String direction,
      RecentPlans<FusedShape, CudnnPlan> plans,
      Map<FusedShape, Refusal> refusals,
      Builder builder) {
    CudnnPlan known = plans.get(shape);
    if (known != null) {
      return known;
    }
    Refusal refused = refusals.get(shape);
    if (refused != null) {
      throw refused;
    }
    try {
      CudnnPlan plan = builder.plan(cudnn, shape);
      plans.put(shape, plan);
      return plan;
    } catch (CudaException e) {
      Refusal refusal =
          new Refusal(
              "cuDNN has no engine for the "
                  + direction
                  + " of "
                  + shape.description()
                  + ": "
                  + e.getMessage());
      refusals.put(shape, refusal);
      LOG.warn("{}; scores in memory stand in for it", refusal.getMessage());
      throw refusal;
    }
  }

  @Override
  public void close() {
    forward.close();
    backward.close();
  }
}
