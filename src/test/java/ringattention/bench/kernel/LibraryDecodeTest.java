package ringattention.bench.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.BlockAttention;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.cpu.CpuDevice;
import ringattention.shard.Mask;

/** A library's attention beside ours: on the CPU its own attention of blocks stands for it. */
class LibraryDecodeTest {
  private static final int ROWS = 3;

  /** Returns a device with a library that scales one row's output. */
  private static Device withLibrary(Device device, int row, double factor) {
    BlockAttention attention = device.attention();
    return WatchedDevice.around(
        device,
        (method, arguments, call) -> {
          if (!method.equals("library")) {
            return call.make();
          }
          Tensor[] t = new Tensor[4];
          for (int i = 0; i < 4; i++) {
            Tensor all = (Tensor) arguments[i];
            t[i] = all.view(all.dim(0), 1, all.dim(1), all.dim(2));
          }
          attention.forward(t[0], t[1], t[2], Mask.FULL, t[3], (Tensor) arguments[4]);
          Tensor out = t[3].slice(row, row + 1);
          double[] values = device.read(out);
          for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
          }
          device.write(out, values);
          return null;
        });
  }

  private static long wrong(boolean library, int row, double factor) {
    try (Device device = new CpuDevice(1)) {
      DecodeKernel kernel = new DecodeKernel(200, ROWS, 4, 2, 16, library);
      try (KernelCase.Trial trial = kernel.open(withLibrary(device, row, factor), 1)) {
        return trial.wrong();
      }
    }
  }

  @Test
  void aRightLibraryIsRight() {
    assertEquals(0, wrong(true, 0, 1));
    assertEquals(0, wrong(false, 0, 1));
  }

  /** The middle row is compared with our kernel only, the others with float64 too. */
  @ParameterizedTest
  @CsvSource({"0", "1", "2"})
  void aWrongRowIsCounted(int row) {
    long wrong = wrong(true, row, 1.5);
    assertTrue(wrong > 4 * 16 / 2, wrong + " of row " + row);
    assertEquals(0, wrong(false, row, 1.5));
  }

  @Test
  void withoutALibrary() {
    try (Device device = new CpuDevice(1)) {
      assertEquals("", device.decode().libraryName());
      DecodeKernel kernel = new DecodeKernel(20, 1, 4, 2, 16, true);
      try (KernelCase.Trial trial = kernel.open(device, 1)) {
        assertThrows(UnsupportedOperationException.class, trial::wrong);
      }
    }
  }

  @Test
  void resultsInTheFormOfOurs() {
    double[] partial = LibraryResults.partial(new double[] {1, 2, 3, 4}, 5, 6);
    assertArrayEquals(new double[] {1, 2, 5, 3, 4, 6}, partial);
    double[] other = {1, 2.2, 99, Double.NaN, 4, -1};
    assertEquals(2, LibraryResults.apart(partial, other, 0.1, 2));
    assertEquals(1, LibraryResults.apart(partial, other, 0.3, 2));
  }
}
