package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.BlockAttention;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/** A ring that goes wrong at a single block fails; one that rounds as it must does not. */
class WrongRingTest {
  /** What one rank does to one of its blocks. */
  private enum Fault {
    NONE,
    DROPPED,
    MERGED_TWICE,
    SCALED
  }

  /** A device whose second merge is that of a block gone wrong. */
  private static Device faulty(CpuDevice device, Fault fault) {
    AtomicInteger merges = new AtomicInteger();
    BlockAttention attention =
        proxy(
            BlockAttention.class,
            device.attention(),
            arguments -> {
              if (merges.incrementAndGet() != 2 || fault == Fault.NONE) {
                return;
              }
              Tensor blockOut = (Tensor) arguments[2];
              Tensor blockLogSumExp = (Tensor) arguments[3];
              switch (fault) {
                case DROPPED -> device.kernels().fill(blockLogSumExp, Double.NEGATIVE_INFINITY);
                case SCALED -> {
                  double[] values = device.read(blockOut);
                  for (int i = 0; i < values.length; i++) {
                    values[i] *= 1 + 1e-3;
                  }
                  device.write(blockOut, values);
                }
                case MERGED_TWICE ->
                    device
                        .attention()
                        .merge(
                            (Tensor) arguments[0],
                            (Tensor) arguments[1],
                            blockOut,
                            blockLogSumExp,
                            (Tensor) arguments[4]);
                case NONE -> throw new AssertionError();
              }
            });
    return (Device)
        Proxy.newProxyInstance(
            Device.class.getClassLoader(),
            new Class<?>[] {Device.class},
            (proxy, method, arguments) ->
                method.getName().equals("attention")
                    ? attention
                    : method.invoke(device, arguments));
  }

  private static <T> T proxy(Class<T> type, T target, Consumer<Object[]> beforeMerge) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              if (method.getName().equals("merge")) {
                beforeMerge.accept(arguments);
              }
              try {
                return method.invoke(target, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  private static List<Check> checks(AttentionProblem problem, int ranks, int bad, Fault fault) {
    return LocalCommunicator.run(
            ranks,
            world -> {
              try (CpuDevice device = new CpuDevice(1)) {
                Device used = faulty(device, world.rank() == bad ? fault : Fault.NONE);
                return new AttentionChecks(
                        world, used, new PhaseTimer(System::nanoTime), Long.MAX_VALUE)
                    .sampled(problem);
              }
            })
        .get(0);
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void oneBlock(Fault fault) {
    AttentionProblem problem =
        new AttentionProblem(96, 1, new HeadCounts(2, 2, 4), Mask.FULL, LayoutKind.CONTIGUOUS, 1);
    List<Check> failed =
        checks(problem, 4, 2, fault).stream()
            .filter(check -> check.verdict() == Check.Verdict.FAILED)
            .toList();
    if (fault == Fault.NONE) {
      assertEquals(List.of(), failed);
      return;
    }
    for (String name : List.of("O, contiguous", "O, ring vs one call", "dQ, ring vs one call")) {
      assertTrue(failed.stream().anyMatch(check -> check.name().startsWith(name)), name);
    }
  }

  /**
   * Ratios of two roundings of short sequences reach 2: in 450 random cases of 16 to 512 tokens, 1
   * to 8 ranks, the judged ratio was 1.27 at most. These are a few of them.
   */
  @Test
  void healthyShortSequencesPass() {
    for (int seed = 0; seed < 30; seed++) {
      int ranks = 1 + seed % 8;
      AttentionProblem problem =
          new AttentionProblem(
              16 + 7 * seed % 113,
              1,
              new HeadCounts(2, 1 + seed % 2, 2 << seed % 4),
              Mask.values()[seed % 2],
              LayoutKind.values()[seed % 3],
              seed);
      for (Check check : checks(problem, ranks, 0, Fault.NONE)) {
        assertEquals(Check.Verdict.PASSED, check.verdict(), check::toString);
      }
    }
  }
}
