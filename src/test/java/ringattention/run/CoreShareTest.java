package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranks that share cores are told from ranks that are bound to their own. */
class CoreShareTest {
  private static List<CoreShare> ranks(String... texts) {
    return Stream.of(texts).map(CoreShare::parse).toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a 2 0-1;a 2 0-1 | 1 | ",
        "a 2 0-1;a 2 0-1 | 2 | 2 ranks of 2 threads on a share 2 cores",
        "a 2 0-1;a 2 0-1;a 2 0-1 | 1 | 3 ranks on a share 2 cores",
        "a 1 0;a 1 1;a 1 2;a 1 3 | 1 | ",
        "a 1 0;a 1 1;a 1 0;a 1 1 | 1 | 4 ranks on a share 2 cores",
        "a 2 0-1,4;a 2 0-1,4;a 2 0-1,4 | 1 | 3 ranks on a share 2 cores",
        "a 2 0-1;a 2 4,6 | 2 | ",
        "a 2 0-1;b 1 0;b 1 0 | 1 | 2 ranks on b share 1 core",
        "a 4 unknown;a 4 unknown | 1 | ",
        "a 4 unknown | 8 | 1 rank of 8 threads on a share 4 cores",
      })
  void tellsACrowd(String texts, int threads, String crowd) {
    assertEquals(Optional.ofNullable(crowd), CoreShare.crowd(ranks(texts.split(";")), threads));
  }

  @Test
  void thisProcessHasCores() {
    CoreShare here = CoreShare.here("a");
    assertEquals(here, CoreShare.parse(here.text()));
    assertTrue(here.processors() > 0 && !here.allowed().equals(CoreShare.UNKNOWN), here.text());
    assertEquals(Optional.empty(), CoreShare.crowd(List.of(here), 1));
  }
}
