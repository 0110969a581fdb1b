package ringattention.bench.attention;

import java.util.function.Consumer;
import ringattention.metrics.AttentionFlops;
import ringattention.validate.AttentionRunner;

/** The two passes of attention. */
public enum RingPass {
  FORWARD("forward", 1, AttentionRunner::forward, AttentionRunner::forwardUnconnected),
  BACKWARD(
      "backward",
      AttentionFlops.FORWARD_AND_BACKWARD - 1,
      AttentionRunner::backward,
      AttentionRunner::backwardUnconnected);

  private final String title;
  private final double work;
  private final Consumer<AttentionRunner> run;
  private final Consumer<AttentionRunner> unconnected;

  RingPass(
      String title,
      double work,
      Consumer<AttentionRunner> run,
      Consumer<AttentionRunner> unconnected) {
    this.title = title;
    this.work = work;
    this.run = run;
    this.unconnected = unconnected;
  }

  String title() {
    return title;
  }

  /** FLOPs over those of the forward. */
  double work() {
    return work;
  }

  void run(AttentionRunner runner) {
    run.accept(runner);
  }

  /** The same without exchange. */
  void runUnconnected(AttentionRunner runner) {
    unconnected.accept(runner);
  }
}
