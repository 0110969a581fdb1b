package ringattention.bench.kernel;

import ringattention.device.Device;
import ringattention.metrics.AttentionFlops;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Mask;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionProblem.Input;
import ringattention.validate.AttentionRunner;

/**
 * Attention over a whole sequence in one call of the device, its output brought to the sum type.
 */
public record AttentionKernel(AttentionProblem problem, boolean backward, PhaseTimer timer)
    implements KernelCase {
  @Override
  public String kernel() {
    return "attention_" + (backward ? "forward+backward" : "forward");
  }

  @Override
  public String shape() {
    return String.format(
        "%s_%d_%d/%dx%d",
        problem.mask(),
        problem.length(),
        problem.heads().query(),
        problem.heads().keyValue(),
        problem.heads().size());
  }

  @Override
  public double flops() {
    boolean causal = problem.mask() == Mask.CAUSAL;
    AttentionFlops flops =
        new AttentionFlops(problem.heads().query(), problem.heads().size(), causal);
    return backward
        ? flops.forwardAndBackward(problem.batch(), problem.length())
        : flops.forward(problem.batch(), problem.length());
  }

  @Override
  public double bytes(Device device) {
    double queries = (double) problem.length() * problem.rowSize(Input.QUERY);
    double keys = (double) problem.length() * problem.rowSize(Input.KEY);
    double compute = device.compute().bytes();
    double sum = device.sum().bytes();
    double forward = (2 * queries + 2 * keys) * compute; // q, k, v to out
    double gradients = (3 * queries + 2 * keys) * compute + (queries + 2 * keys) * sum;
    return backward ? forward + gradients : forward; // q, out, dOut, k, v to dq, dk, dv
  }

  /** One set: the arguments are larger than a cache, or the scores' work hides them. */
  @Override
  public Trial open(Device device, int sets) {
    AttentionRunner runner = AttentionRunner.oneCall(problem, device, timer);
    return new Trial() {
      @Override
      public void pass(int set) {
        runner.forward();
        if (backward) {
          runner.backward();
        }
      }

      @Override
      public long wrong() {
        runner.forward();
        runner.backward();
        runner.poison();
        runner.forward();
        runner.backward();
        return runner.wrong();
      }

      @Override
      public void close() {
        runner.close();
      }
    };
  }
}
