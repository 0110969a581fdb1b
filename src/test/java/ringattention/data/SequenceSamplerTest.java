package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.config.Configuration;
import ringattention.config.InputException;
import ringattention.config.Inputs;

/** The corpus is the bytes 0 to 99, so a sequence begins with its position. */
class SequenceSamplerTest {
  private static final int CORPUS = 100;

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void writeCorpus() throws IOException {
    byte[] bytes = new byte[CORPUS];
    for (int i = 0; i < CORPUS; i++) {
      bytes[i] = (byte) i;
    }
    file = Files.write(folder.resolve("text"), bytes);
  }

  private SequenceSampler sampler(int sequence, long seed) {
    Configuration configuration =
        Inputs.defaults(
            List.of(
                "data.path=" + file,
                "train.steps=1",
                "train.sequence=" + sequence,
                "train.seed=" + seed));
    return new SequenceSampler(configuration, new TextCorpus(configuration));
  }

  @Test
  void consecutiveTokensWithOneMoreForTheLabels() {
    int[] tokens = sampler(8, 1).tokens(5);
    assertEquals(9, tokens.length);
    for (int i = 1; i < tokens.length; i++) {
      assertEquals(tokens[0] + i, tokens[i]);
    }
  }

  /**
   * The 92 places are equally likely: 9200 draws give each 100 +- 10, so none is outside 40 to 160.
   */
  @Test
  void everyPlaceIsDrawn() {
    int[] draws = new int[CORPUS - 8];
    SequenceSampler sampler = sampler(8, 1);
    for (long index = 0; index < 100L * draws.length; index++) {
      draws[sampler.tokens(index)[0]]++;
    }
    assertTrue(Arrays.stream(draws).allMatch(count -> count > 40 && count < 160));
  }

  /** Checkpoints rely on these: a change of the hash would silently change every resumed run. */
  @Test
  void placesAreAFunctionOfSeedAndIndex() {
    SequenceSampler sampler = sampler(8, 1);
    int[] later = sampler.tokens(7);
    assertArrayEquals(later, sampler(8, 1).tokens(7));
    int[] places = {sampler.tokens(0)[0], sampler.tokens(1)[0], sampler.tokens(1L << 40)[0]};
    int[] other = {sampler(8, 2).tokens(0)[0], sampler(8, 2).tokens(1)[0]};
    assertArrayEquals(new int[] {28, 37, 71}, places);
    assertArrayEquals(new int[] {10, 79}, other);
  }

  @Test
  void shortestCorpus() {
    assertEquals(0, sampler(CORPUS - 1, 1).tokens(3)[0]);
    InputException error = assertThrows(InputException.class, () -> sampler(CORPUS, 1));
    assertEquals(
        "-D data.path = \"" + file + "\": has 100 tokens, must have more than train.sequence (100)",
        error.getMessage());
  }
}
