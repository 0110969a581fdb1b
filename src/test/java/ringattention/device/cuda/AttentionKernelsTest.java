package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AttentionKernelsTest {
  @ParameterizedTest
  @CsvSource({"128, 4, 5", "64, 4, 4", "100, 4, 5", "256, 4, 5", "4, 4, 0", "17, 1, 5", "3, 1, 2"})
  void aRowHasAsManyLanesAsHaveWork(int headSize, int width, int laneBits) {
    assertEquals(laneBits, AttentionKernels.laneBits(headSize, width));
  }

  @Test
  void accessesAreWideOnlyWhereEveryRowIsAligned() {
    assertEquals(4, AttentionKernels.width(100, 256, 512));
    assertEquals(1, AttentionKernels.width(102, 256, 512));
    assertEquals(1, AttentionKernels.width(128, 256, 264));
  }

  /** Kernels are found by name when first used, on a GPU: here, that the names are there. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "MERGE(mergeBf16Bf16Bf16x4, bf16, bf16, bf16, 4)",
        "MERGE(mergeBf16Bf16Bf16x1, bf16, bf16, bf16, 1)",
        "MERGE(mergeBf16Bf16Floatx4, bf16, bf16, float, 4)",
        "MERGE(mergeBf16Bf16Floatx1, bf16, bf16, float, 1)",
        "MERGE(mergeFloatBf16Bf16x4, float, bf16, bf16, 4)",
        "MERGE(mergeFloatBf16Bf16x1, float, bf16, bf16, 1)",
        "MERGE(mergeFloatBf16Floatx4, float, bf16, float, 4)",
        "MERGE(mergeFloatBf16Floatx1, float, bf16, float, 1)",
        "MERGE(mergeFloatFloatFloatx4, float, float, float, 4)",
        "MERGE(mergeFloatFloatFloatx1, float, float, float, 1)",
        "ADD_GRADIENTS(addGradientsx4, 4)",
        "ADD_GRADIENTS(addGradientsx1, 1)",
        "COPY_HEADS(copyHeadsx4, 4)",
        "COPY_HEADS(copyHeadsx1, 1)",
        "statsOfLogSumExp(",
        "logSumExpOfStats(",
        "THREADS = 256;",
        "TILE = 32;",
        "MERGED_ROWS = 2;"
      })
  void sourceHasWhatTheCallsAssume(String text) throws IOException {
    try (InputStream source = AttentionKernels.class.getResourceAsStream("/cuda/attention.cu")) {
      String kernels = new String(source.readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(kernels.contains(text), text);
    }
  }
}
