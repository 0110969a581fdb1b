package ringattention.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadCountsTest {
  private static final HeadCounts GROUPED = new HeadCounts(12, 4, 64);

  @Test
  void partsKeepTheQueryHeadsThatReadTheirKeys() {
    assertEquals(3, GROUPED.group());
    assertEquals(new HeadCounts(3, 1, 64), GROUPED.some(1));
    assertEquals(new HeadCounts(6, 2, 64), GROUPED.divided(2));
    assertEquals(new HeadCounts(12, 12, 64), GROUPED.ungrouped());
    assertEquals(new HeadCounts(12, 4, 72), GROUPED.ofSize(72));
  }

  @Test
  void widthsDoNotOverflow() {
    HeadCounts wide = new HeadCounts(65536, 65536, 65536);
    assertEquals(1L << 32, wide.queryWidth());
    assertEquals(1L << 32, wide.keyValueWidth());
    assertEquals(768, GROUPED.queryWidth());
    assertEquals(256, GROUPED.keyValueWidth());
    assertEquals(0.125f, GROUPED.scale());
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 2", "1, 0, 2", "2, 2, 0", "3, 2, 2", "2, 4, 2"})
  void refusesHeadsThatDoNotShare(int query, int keyValue, int size) {
    assertThrows(IllegalArgumentException.class, () -> new HeadCounts(query, keyValue, size));
  }
}
