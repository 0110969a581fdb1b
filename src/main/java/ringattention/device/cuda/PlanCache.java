package ringattention.device.cuda;

import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fused plans of one device by shape, compiled at first use; some shapes have none. */
final class PlanCache implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PlanCache.class);

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
  private final Map<FusedShape, CudnnPlan> forward = new HashMap<>();
  private final Map<FusedShape, CudnnPlan> backward = new HashMap<>();
  private final Map<FusedShape, Refusal> refusedForward = new HashMap<>();
  private final Map<FusedShape, Refusal> refusedBackward = new HashMap<>();

  PlanCache(Cudnn cudnn) {
    this.cudnn = cudnn;
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
      Map<FusedShape, CudnnPlan> plans,
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
                  + ", which is computed with scores in memory: "
                  + e.getMessage());
      refusals.put(shape, refusal);
      LOG.warn("{}", refusal.getMessage());
      throw refusal;
    }
  }

  @Override
  public void close() {
    forward.values().forEach(CudnnPlan::close);
    backward.values().forEach(CudnnPlan::close);
  }
}
