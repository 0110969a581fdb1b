package ringattention.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeshTest {
  @Test
  void ranksOfARingAreNeighbours() {
    Mesh mesh = Mesh.of(6, 3);
    assertEquals(2, mesh.data());
    assertEquals(
        List.of(0, 0, 0, 1, 1, 1), IntStream.range(0, 6).map(mesh::dataRank).boxed().toList());
    assertEquals(
        List.of(0, 1, 2, 0, 1, 2), IntStream.range(0, 6).map(mesh::ringRank).boxed().toList());
  }

  /** Heads are the inner axis: rank = (data x 3 + ring) x 2 + heads. */
  @Test
  void ranksThatExchangeHeadsAreNeighbours() {
    Mesh mesh = Mesh.of(12, 3, 2);
    assertEquals(new Mesh(2, 3, 2, 1), mesh);
    assertEquals(12, mesh.world());
    assertEquals(6, mesh.sharing());
    for (int rank = 0; rank < 12; rank++) {
      assertEquals(
          List.of(rank / 6, rank % 6, rank / 2 % 3, rank % 2),
          List.of(
              mesh.dataRank(rank),
              mesh.sharingRank(rank),
              mesh.ringRank(rank),
              mesh.headsRank(rank)));
    }
    assertEquals(List.of(8, 9), mesh.headsGroup(9));
    assertEquals(
        List.of(2, 3, 4, 5, 0, 1, 8, 9, 10, 11, 6, 7),
        IntStream.range(0, 12).map(mesh::next).boxed().toList());
    assertEquals(List.of(5), Mesh.of(6, 3).headsGroup(5));
  }

  /** Tensor ranks are innermost: rank = ((data x 2 + ring) x 3 + heads) x 2 + tensor. */
  @Test
  void ranksThatShareProductsAreNeighbours() {
    Mesh mesh = Mesh.of(24, 2, 3, 2);
    assertEquals(new Mesh(2, 2, 3, 2), mesh);
    assertEquals(24, mesh.world());
    assertEquals(12, mesh.sharing());
    for (int rank = 0; rank < 24; rank++) {
      assertEquals(
          List.of(rank / 12, rank % 12, rank / 6 % 2, rank / 2 % 3, rank % 2),
          List.of(
              mesh.dataRank(rank),
              mesh.sharingRank(rank),
              mesh.ringRank(rank),
              mesh.headsRank(rank),
              mesh.tensorRank(rank)));
      assertEquals(mesh.sharingRank(rank) / 2, mesh.tokensRank(rank));
      assertEquals(rank % 6, mesh.insideRank(rank));
    }
    assertEquals(List.of(18, 19), mesh.tensorGroup(19));
    assertEquals(List.of(19, 21, 23), mesh.headsGroup(21));
    assertEquals(
        List.of(9, 3, 21, 15), List.of(mesh.next(3), mesh.next(9), mesh.next(15), mesh.next(21)));
  }

  @Test
  void headsAreExchangedInChunksWhereTheyAreExchanged() {
    assertEquals(3, Mesh.of(12, 3, 2).inChunks(3).chunks());
    assertEquals(Mesh.of(12, 3), Mesh.of(12, 3).inChunks(3));
  }

  @Test
  void oneRankIsARing() {
    assertEquals(1, Mesh.of(1, 1).data());
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 0", "-2, -1", "6, 4", "2, 4"})
  void ringsThatDoNotMakeUpTheWorldAreRefused(int world, int ring) {
    assertThrows(IllegalArgumentException.class, () -> Mesh.of(world, ring));
    assertThrows(IllegalArgumentException.class, () -> new Mesh(0, 1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Mesh(2, 0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Mesh(2, 1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new Mesh(2, 1, 2, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Mesh(2, 1, 1, 1, 2));
    assertThrows(IllegalArgumentException.class, () -> Mesh.of(12, 3, 0));
    assertThrows(IllegalArgumentException.class, () -> Mesh.of(12, 4, 2));
    assertThrows(IllegalArgumentException.class, () -> new Mesh(2, 1, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> Mesh.of(12, 3, 2, 4));
  }
}
