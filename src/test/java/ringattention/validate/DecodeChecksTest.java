package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
import ringattention.device.Recorded;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.WatchedDevice.Watcher;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.report.Check;
import ringattention.report.Check.Verdict;

/** Good devices pass, and each fault fails the check that is there for it. */
class DecodeChecksTest {
  private record Fault(String check, Watcher watcher) {
    @Override
    public String toString() {
      return check;
    }
  }

  private static List<String> failed(Device device, DecodeProblem problem) {
    return new DecodeChecks(LocalCommunicator.single(), device, 1)
        .checks(problem).stream()
            .filter(check -> check.verdict() != Verdict.PASSED)
            .map(Check::name)
            .toList();
  }

  @Test
  void goodDevicesPass() {
    for (DecodeProblem problem : DecodeProblem.all(4, 2, 16)) {
      try (Device cpu = new CpuDevice(2);
          Device reference = new ReferenceDevice()) {
        assertEquals(List.of(), failed(cpu, problem));
        assertEquals(List.of(), failed(reference, problem));
      }
    }
  }

  static Stream<Fault> faults() {
    return Stream.of(
        new Fault("O", onPartial((device, partial) -> scaleColumn(device, partial, 0, 1.001))),
        new Fault("lse", onPartial((device, partial) -> scaleColumn(device, partial, 16, 1.001))),
        new Fault("lse", onPartial((device, partial) -> finiteWhereNothing(device, partial))),
        new Fault(
            "merged O",
            (method, arguments, call) -> {
              Object made = call.make();
              if (method.equals("merge")) {
                try (Device device = new CpuDevice(1)) {
                  scaleColumn(device, (Tensor) arguments[1], 0, 1.001);
                }
              }
              return made;
            }),
        new Fault(
            "stored", (method, arguments, call) -> method.equals("store") ? null : call.make()),
        new Fault(
            "bits", (method, arguments, call) -> method.equals("record") ? idle() : call.make()));
  }

  private interface Change {
    void on(Device device, Tensor partial);
  }

  private static Watcher onPartial(Change change) {
    return (method, arguments, call) -> {
      Object made = call.make();
      if (method.equals("attend")) {
        try (Device device = new CpuDevice(1)) {
          change.on(device, (Tensor) arguments[4]);
        }
      }
      return made;
    };
  }

  /** One column of the first row and head. */
  private static void scaleColumn(Device device, Tensor tensor, int column, double factor) {
    double[] values = device.read(tensor);
    values[column] *= factor;
    device.write(tensor, values);
  }

  private static void finiteWhereNothing(Device device, Tensor partial) {
    double[] values = device.read(partial);
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] == Double.NEGATIVE_INFINITY ? -1e30 : values[i];
    }
    device.write(partial, values);
  }

  private static Recorded idle() {
    return new Recorded() {
      @Override
      public void run() {}

      @Override
      public void close() {}
    };
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aFaultFailsItsCheck(Fault fault) {
    DecodeProblem problem = DecodeProblem.all(4, 2, 16).get(1);
    try (Device device = WatchedDevice.around(new CpuDevice(1), fault.watcher)) {
      List<String> failed = failed(device, problem);
      assertEquals(true, failed.contains(fault.check + ", " + problem), "failed: " + failed);
    }
  }
}
