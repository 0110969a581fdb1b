package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.attention.MergePlan.Part;
import ringattention.shard.BlockPair;
import ringattention.shard.Mask;

class MergePlanTest {
  private static BlockPair queries(int from, int to) {
    return new BlockPair(from, to, 0, 8, Mask.FULL);
  }

  @Test
  void aSingleBlockIsMergedWithNothing() {
    BlockPair all = queries(0, 8);
    assertEquals(List.of(), new MergePlan(List.of(all)).next(all));
  }

  @Test
  void theSecondOfTwoBlocksIsTheLast() {
    BlockPair all = queries(0, 8);
    MergePlan plan = new MergePlan(List.of(all, all));
    plan.next(all);
    assertEquals(List.of(new Part(0, 8, true, true)), plan.next(all));
  }

  /** Zigzag on rank 1 of 3: all queries, all queries, then the second half only. */
  @Test
  void queriesThatMoreBlocksSeeAreMergedOnTheirOwn() {
    BlockPair all = queries(0, 8);
    BlockPair half = queries(4, 8);
    MergePlan plan = new MergePlan(List.of(all, all, half));
    assertEquals(List.of(), plan.next(all));
    assertEquals(List.of(new Part(0, 4, true, true), new Part(4, 8, true, false)), plan.next(all));
    assertEquals(List.of(new Part(4, 8, false, true)), plan.next(half));
  }

  @Test
  void neighboursThatAreMergedAlikeAreOnePart() {
    BlockPair all = queries(0, 8);
    MergePlan plan = new MergePlan(List.of(queries(0, 4), queries(4, 8), all, all));
    plan.next(queries(0, 4));
    plan.next(queries(4, 8));
    assertEquals(List.of(new Part(0, 8, true, false)), plan.next(all));
    assertEquals(List.of(new Part(0, 8, false, true)), plan.next(all));
  }

  @Test
  void aBlockThatIsFirstForSomeOfItsQueriesOnlyIsRefused() {
    BlockPair all = queries(0, 8);
    MergePlan plan = new MergePlan(List.of(queries(4, 8), all));
    plan.next(queries(4, 8));
    assertThrows(IllegalStateException.class, () -> plan.next(all));
  }
}
