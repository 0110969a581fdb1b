package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Slices of device memory lead to the addresses that CUDA is given. */
class CudaAddressTest {
  @Test
  void aSliceIsItsOffsetFurther() {
    ByteBuffer whole = ByteBuffer.allocateDirect(1000);
    long start = Cuda.address(whole).address();
    assertEquals(start + 300, Cuda.address(whole.slice(300, 200)).address());
    assertEquals(start + 350, Cuda.address(whole.slice(300, 200).slice(50, 1)).address());
  }
}
