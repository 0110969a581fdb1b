package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Memory;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/**
 * Attention against the matrix product of the same machine in the same run. The floor is loose, so
 * that a busy machine does not break it; {@code bench attention} gives the figure that counts.
 */
@Tag("rate")
class CpuAttentionRateTest {
  private static final int TOKENS = 2048;
  private static final int HEADS = 8;
  private static final int HEAD_SIZE = 64;
  private static final double FLOOR = 0.30;

  private final Random random = new Random(1);

  @Test
  void causalAttentionReachesAShareOfTheMatrixProduct() {
    try (Device device = new CpuDevice(1)) {
      Tensor square = random(device, 1024, 1024);
      Tensor product = random(device, 1024, 1024);
      Tensor q = random(device, TOKENS, 1, HEADS, HEAD_SIZE);
      Tensor k = random(device, TOKENS, 1, HEADS, HEAD_SIZE);
      Tensor v = random(device, TOKENS, 1, HEADS, HEAD_SIZE);
      Tensor out = random(device, TOKENS, 1, HEADS, HEAD_SIZE);
      Tensor dOut = random(device, TOKENS, 1, HEADS, HEAD_SIZE);
      Tensor logSumExp = random(device, TOKENS, 1, HEADS);
      Tensor dq = random(device, TOKENS, 1, HEADS, HEAD_SIZE);
      Tensor dk = random(device, TOKENS, 1, HEADS, HEAD_SIZE);
      Tensor dv = random(device, TOKENS, 1, HEADS, HEAD_SIZE);
      Runnable sgemm = () -> device.kernels().matmul(square, false, square, false, product, false);
      Runnable forward = () -> device.attention().forward(q, k, v, Mask.CAUSAL, out, logSumExp);
      Runnable backward =
          () ->
              device
                  .attention()
                  .backward(
                      q,
                      k,
                      v,
                      Mask.CAUSAL,
                      out,
                      logSumExp,
                      dOut,
                      new Heads(0, HEADS),
                      new Gradients(dq, true, dk, dv, true));
      double best = 0; // of interleaved rounds: load from elsewhere comes and goes
      double bestForward = 0;
      double bestBoth = 0;
      double flops = 2.0 * TOKENS * TOKENS * HEADS * HEAD_SIZE;
      for (int round = 0; round < 8; round++) {
        double forwardTime = seconds(forward);
        double bothTime = forwardTime + seconds(backward);
        best = Math.max(best, 2 * Math.pow(1024, 3) / seconds(sgemm));
        bestForward = Math.max(bestForward, flops / forwardTime);
        bestBoth = Math.max(bestBoth, 3.5 * flops / bothTime);
      }
      System.out.printf(
          "%s: sgemm %.1f GFLOP/s, attention forward %.2f of it, forward and backward %.2f%n",
          device.description(), best / 1e9, bestForward / best, bestBoth / best);
      assertTrue(bestForward > FLOOR * best, "forward at " + bestForward / best + " of sgemm");
      assertTrue(
          bestBoth > FLOOR * best, "forward and backward at " + bestBoth / best + " of sgemm");
    }
  }

  /** Processor time, which other programs lengthen less than they do the time on the clock. */
  private static double seconds(Runnable work) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    work.run();
    return (threads.getCurrentThreadCpuTime() - start) / 1e9;
  }

  private Tensor random(Device device, long... shape) {
    Memory memory = device.allocate(new Tensor(null, 0, DType.F32, shape).bytes());
    Tensor tensor = new Tensor(memory, 0, DType.F32, shape);
    device.write(tensor, random.doubles(tensor.elements(), -1, 1).toArray());
    return tensor;
  }
}
