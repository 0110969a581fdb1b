package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.device.BlockShape;
import ringattention.device.HeadCounts;
import ringattention.shard.Mask;

class FusedShapeTest {
  /** Strides of [batch, heads, tokens, headSize] find the elements of [tokens, batch, ...]. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void stridesFindSequenceMajorElements(int batch) {
    BlockShape block = new BlockShape(5, 7, batch, new HeadCounts(4, 2, 8));
    FusedShape shape = new FusedShape(block, Mask.FULL, new HeadCounts(12, 6, 8), 1, false);
    assertElements(5, batch, 4, 12, shape.queryDims(), shape.queryStrides());
    assertElements(5, batch, 4, 4, shape.queryDims(), shape.queryGradientStrides());
    assertElements(7, batch, 2, 6, shape.keyDims(), shape.keyStrides());
    assertElements(7, batch, 2, 2, shape.keyDims(), shape.keyGradientStrides());
  }

  private static void assertElements(
      int tokens, int batch, int heads, int memoryHeads, long[] dims, long[] strides) {
    assertArrayEquals(new long[] {batch, heads, tokens, 8}, dims);
    for (int b = 0; b < batch; b++) {
      for (int h = 0; h < heads; h++) {
        for (int t = 0; t < tokens; t++) {
          for (int d = 0; d < 8; d++) {
            long element = ((long) (t * batch + b) * memoryHeads + h) * 8 + d;
            assertEquals(
                element, b * strides[0] + h * strides[1] + t * strides[2] + d * strides[3]);
          }
        }
      }
    }
  }

  @Test
  void transposingSwapsTheLastTwo() {
    long[] dims = {2, 3, 5, 7};
    assertArrayEquals(new long[] {105, 35, 7, 1}, FusedShape.packed(dims));
    assertArrayEquals(new long[] {2, 3, 7, 5}, FusedShape.transposed(dims));
    assertArrayEquals(new long[] {105, 35, 1, 7}, FusedShape.transposed(FusedShape.packed(dims)));
  }
}
