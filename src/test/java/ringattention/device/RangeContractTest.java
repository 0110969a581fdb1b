package ringattention.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Ranges of every device: nothing to nobody, times on the host's clock to a trace. */
class RangeContractTest {
  /** How far the clocks of host and device may be apart: a few turns of an empty queue. */
  private static final long CLOCKS = 1_000_000; // ns

  static Set<String> devices() {
    return TestedDevices.all().keySet();
  }

  @ParameterizedTest
  @MethodSource("devices")
  void untracedRangesAskForNoName(String name) {
    try (Device device = TestedDevices.all().get(name).get()) {
      NamedWork range =
          device.range(
              () -> {
                throw new AssertionError("a name was made");
              });
      assertSame(NamedWork.NONE, range);
      range.close();
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void tracedRangesNestWithinTheTrace(String name) {
    try (Device device = TestedDevices.all().get(name).get();
        Arena arena = new Arena(device)) {
      Tensor tensor =
          arena.allocate(
              "tensor", Allocator.Purpose.ACTIVATIONS, device.sum(), new Dim("size", 1 << 16));
      device.kernels().fill(tensor, 1); // compiled before
      long before = System.nanoTime();
      device.startTrace();
      try (NamedWork outer = device.range(() -> "outer")) {
        try (NamedWork inner = device.range(() -> "inner")) {
          device.kernels().fill(tensor, 2);
        }
        device.kernels().fill(tensor, 3);
      }
      List<TimedRange> ranges = device.stopTrace();
      long after = System.nanoTime();

      assertEquals(List.of("inner", "outer"), ranges.stream().map(TimedRange::name).toList());
      TimedRange inner = ranges.get(0);
      TimedRange outer = ranges.get(1);
      assertTrue(before - CLOCKS <= outer.from(), "starts before the trace");
      assertTrue(outer.from() <= inner.from(), "inner starts first");
      assertTrue(inner.from() < inner.to(), "inner takes no time");
      assertTrue(inner.to() < outer.to(), "inner ends last");
      assertTrue(outer.to() <= after + CLOCKS, "ends after the trace");
      assertSame(NamedWork.NONE, device.range(() -> "late"));
    }
  }
}
