package ringattention.bench.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.model.Architecture;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;

class LayerFormulasTest {
  private static final ModelConfig SEVEN =
      new ModelConfig(32000, 4096, 32, 32, 32, 128, 11008, 10000, RopeScaling.NONE, 1e-5, false, 1);

  /** 7B, bf16, 1024 tokens, by hand: 2 x 32 x 2^20, and one tensor of 2 x 1024 x 4096 bytes. */
  @ParameterizedTest
  @CsvSource({
    "VANILLA, e b n s^2, 67108864, 4 e b s h, 33554432, 67108864",
    "MEMORY_EFFICIENT, e b s h, 8388608, 4 e b s h, 33554432, 33554432",
    "BLOCKWISE, e b s h, 8388608, e b s h, 8388608, 8388608",
    "RING, 6 e b c h, 50331648, e b c h, 8388608, 50331648"
  })
  void tableOneWithItsCorrections(
      Architecture architecture,
      String attentionText,
      double attention,
      String feedForwardText,
      double feedForward,
      double total) {
    LayerFormulas formulas = new LayerFormulas(SEVEN, 2);
    assertEquals(attentionText, formulas.attention(architecture).text());
    assertEquals(attention, formulas.attention(architecture).bytes(1024));
    assertEquals(feedForwardText, formulas.feedForward(architecture).text());
    assertEquals(feedForward, formulas.feedForward(architecture).bytes(1024));
    assertEquals(total, formulas.total(architecture).bytes(1024));
    assertEquals(
        2 * feedForward, new LayerFormulas(SEVEN, 4).feedForward(architecture).bytes(1024), "fp32");
  }
}
