package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/** The probe counts the positions that are wrong, no more and no fewer. */
class DocumentProbeTest {
  private static final AttentionProblem PACKED =
      new AttentionProblem(10, 1, new HeadCounts(2, 1, 4), Mask.CAUSAL, LayoutKind.CONTIGUOUS, 1)
          .packed(Documents.startingAt(0, 4));
  private static final int[] PROBED = {0, 3, 4, 9}; // both ends of both documents

  private static Collection<Double> wrong(Device device, Consumer<AttentionRunner> computed) {
    return new DocumentProbe(
            LocalCommunicator.single(), device, new PhaseTimer(System::nanoTime), computed)
        .probe(PACKED)
        .get(0)
        .details()
        .values();
  }

  private static Tensor out(AttentionRunner runner, int position) {
    return runner.tensor(Quantity.OUT).slice(position, position + 1);
  }

  @Test
  void nothingIsWrongOnASoundDevice() {
    try (CpuDevice device = new CpuDevice(1)) {
      assertEquals(List.of(0.0, 0.0, 0.0, 0.0), List.copyOf(wrong(device, runner -> {})));
    }
  }

  /** As if the token did not see itself. */
  @Test
  void anOutputThatDoesNotChangeWithItsOwnTokenIsWrong() {
    try (CpuDevice device = new CpuDevice(1)) {
      double[][] healthy = new double[10][];
      int[] passes = {0};
      Collection<Double> wrong =
          wrong(
              device,
              runner -> {
                if (passes[0] == 0) {
                  for (int position : PROBED) {
                    healthy[position] = device.read(out(runner, position));
                  }
                } else {
                  int token = PROBED[passes[0] - 1];
                  device.write(out(runner, token), healthy[token]);
                }
                passes[0]++;
              });
      assertEquals(List.of(1.0, 1.0, 1.0, 1.0), List.copyOf(wrong));
    }
  }

  @Test
  void aPositionThatNeverWasANumberIsOneThatIsWrong() {
    try (CpuDevice device = new CpuDevice(1)) {
      Collection<Double> wrong =
          wrong(device, runner -> device.kernels().fill(out(runner, 3), Double.NaN));
      assertEquals(List.of(1.0, 1.0, 1.0, 1.0), List.copyOf(wrong));
    }
  }

  /** What a pass does not write must not pass for what the one before wrote. */
  @Test
  void everyPassBeginsWithoutResults() {
    List<Boolean> poisoned = new ArrayList<>();
    try (CpuDevice host = new CpuDevice(1)) {
      Device device =
          WatchedDevice.around(
              host,
              (method, arguments, call) -> {
                if (method.equals("forward")) {
                  double[] out = host.read((Tensor) arguments[4]);
                  poisoned.add(DoubleStream.of(out).allMatch(Double::isNaN));
                }
                return call.make();
              });
      wrong(device, runner -> {});
    }
    assertEquals(2 * (1 + PROBED.length), poisoned.size(), "a call for each document");
    assertTrue(poisoned.stream().allMatch(all -> all), poisoned.toString());
  }
}
