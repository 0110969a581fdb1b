package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringattention.device.Device;
import ringattention.device.Tensor;

class CpuDeviceTest {
  @Test
  void workspaceIsCountedAndFreed() {
    CpuDevice device = new CpuDevice(3);
    assertEquals(device.workspaceBytes(List.of()), device.allocatedBytes());
    device.close();
    device.close();
    assertEquals(0, device.allocatedBytes());
    assertEquals(device.workspaceBytes(List.of()), device.peakBytes());
  }

  @Test
  void needsAThread() {
    assertThrows(IllegalArgumentException.class, () -> new CpuDevice(0));
  }

  @Test
  void describesLibraryThreadsAndVectors() {
    try (Device device = new CpuDevice(2)) {
      String text = device.description();
      assertTrue(
          text.matches("OpenBLAS \\d+\\.\\d+\\.\\d+ [A-Z]+, 2 threads, \\d+-bit vectors"), text);
    }
  }

  @Test
  @Timeout(60)
  void closingEndsTheThreads() {
    CpuDevice device = new CpuDevice(4);
    device.close();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      assertTrue(
          !thread.getName().startsWith("cpu-device-") || !thread.isAlive(), thread.getName());
    }
  }

  @Test
  void aClosedDeviceRefuses() {
    try (Data data = new Data(2)) {
      Tensor x = data.random(3);
      data.device().close();
      assertThrows(IllegalStateException.class, () -> data.device().kernels().fill(x, 0));
    }
  }

  @Test
  @Timeout(60)
  void aFailureInAnyThreadReachesTheCaller() {
    try (Device device = new CpuDevice(1);
        Workers workers = new Workers(3, device::allocate)) {
      for (int failing = 0; failing < 3; failing++) {
        int bad = failing;
        assertThrows(
            IllegalStateException.class,
            () ->
                workers.run(
                    true,
                    (worker, part, parts) -> {
                      if (part == bad) {
                        throw new ArithmeticException("part " + part);
                      }
                    }));
        int[] ran = new int[3];
        workers.run(true, (worker, part, parts) -> ran[part] = parts);
        assertArrayEquals(new int[] {3, 3, 3}, ran);
      }
    }
  }

  @Test
  void partsCoverAllUnitsOnce() {
    for (long total : new long[] {0, 1, 15, 16, 17, 1000}) {
      for (int parts = 1; parts < 6; parts++) {
        assertEquals(0, Workers.start(total, 0, parts, 16));
        assertEquals(total, Workers.start(total, parts, parts, 16));
        for (int part = 1; part < parts; part++) {
          long start = Workers.start(total, part, parts, 16);
          assertTrue(start == total || start % 16 == 0);
          assertTrue(start >= Workers.start(total, part - 1, parts, 16));
        }
      }
    }
  }

  /** Ranks of one process: each has its device, and they compute at the same time. */
  @Test
  @Timeout(120)
  void severalDevicesAtOnce() throws Exception {
    ExecutorService ranks = Executors.newFixedThreadPool(4);
    try {
      CompletableFuture<?>[] results = new CompletableFuture<?>[4];
      for (int rank = 0; rank < 4; rank++) {
        results[rank] = CompletableFuture.supplyAsync(CpuDeviceTest::product, ranks);
      }
      for (CompletableFuture<?> result : results) {
        assertArrayEquals(product(), (double[]) result.get(60, TimeUnit.SECONDS));
      }
    } finally {
      ranks.shutdown();
    }
  }

  private static double[] product() {
    try (Data data = new Data(2)) {
      Tensor a = data.random(200, 150);
      Tensor b = data.random(150, 170);
      Tensor c = data.random(200, 170);
      for (int i = 0; i < 20; i++) {
        data.device().kernels().matmul(a, false, b, false, c, i > 0);
      }
      return data.read(c);
    }
  }
}
