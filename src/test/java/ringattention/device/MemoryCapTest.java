package ringattention.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;

/** A device with a cap holds what is below it, its workspace included, and refuses the rest. */
class MemoryCapTest {
  private static final long CAP = 4 << 20;

  static List<LongFunction<Device>> devices() {
    return List.of(cap -> new CpuDevice(2, cap), ReferenceDevice::new);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void allocatesUpToTheCapAndNoByteMore(LongFunction<Device> open) {
    try (Device device = open.apply(CAP)) {
      long room = CAP - device.workspaceBytes(List.of());
      assertEquals(room, device.freeBytes());
      try (Memory half = device.allocate(room / 2);
          Memory rest = device.allocate(room - room / 2)) {
        assertEquals(0, device.freeBytes());
        OutOfMemoryError full = assertThrows(OutOfMemoryError.class, () -> device.allocate(1));
        assertTrue(full.getMessage().contains("memory cap of " + CAP + " bytes"), full.toString());
      }
      assertThrows(OutOfMemoryError.class, () -> device.allocate(room + 1));
      device.allocate(room).close(); // what was refused is not counted
      assertEquals(CAP, device.peakBytes());
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void withoutACapNothingIsKnown(LongFunction<Device> open) {
    try (Device device = open.apply(MemoryCount.UNCAPPED);
        Memory some = device.allocate(CAP)) {
      assertEquals(Long.MAX_VALUE, device.freeBytes());
    }
  }

  @Test
  void aWorkspaceAboveTheCapIsRefused() {
    assertThrows(OutOfMemoryError.class, () -> new CpuDevice(2, 1000));
  }
}
