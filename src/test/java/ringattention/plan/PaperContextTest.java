package ringattention.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class PaperContextTest {
  @Test
  void ratiosAreThePapers() {
    assertEquals(
        List.of(8, 8, 8, 32, 32, 256, 128, 512, 512, 256, 256, 128, 128),
        PaperContext.ROWS.stream().map(row -> row.ring() / row.blockwise()).toList());
    PaperContext.ROWS.forEach(row -> assertEquals(0, row.ring() % row.blockwise(), row.line()));
  }

  @Test
  void aModelHasItsRows() {
    assertEquals(5, PaperContext.of("7B").size());
    assertEquals(List.of(), PaperContext.of("1B"));
    assertEquals(
        "7B on 8x A100 NVLink: vanilla 2K, memory-efficient 16K, blockwise 32K, ring 256K (8x)",
        PaperContext.of("7B").get(0).line());
  }
}
