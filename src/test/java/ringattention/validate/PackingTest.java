package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.SequenceLayout;

/** Documents lie in their sequence, however short it is. */
class PackingTest {
  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void shortSequencesArePackedFromWholeDocuments(LayoutKind kind) {
    for (int length = 2; length <= 7; length++) {
      SequenceLayout layout = SequenceLayout.of(kind, length, 1);
      for (int count = 1; count <= length; count++) {
        for (long seed = 0; seed < 50; seed++) {
          Documents documents = Packing.of(count, layout, seed);
          assertEquals(count, documents.count());
          assertTrue(
              documents.lengths(length).stream().allMatch(size -> size > 0),
              length + " tokens: " + documents);
        }
      }
    }
  }
}
