package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.HeadCounts;
import ringattention.shard.Mask;

class FusedScratchTest {
  /** Bytes [from, to) of one array. */
  private record Place(String name, long from, long to) {}

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void arraysDoNotOverlap(boolean copies, boolean deterministic) {
    BlockShape block = new BlockShape(77, 130, 3, new HeadCounts(6, 2, 104));
    long rows = 77L * 3 * 6;
    long queries = rows * 104;
    long keys = 130L * 3 * 2 * 104;
    long planBytes = 2 * 3 * keys * 2 + (deterministic ? rows * 130 * 2 : 0);
    FusedScratch scratch = FusedScratch.backward(block, copies, deterministic, 0);
    List<Place> places = new ArrayList<>();
    places.add(place("stats", scratch.stats(), rows * 4));
    places.add(place("mean", scratch.mean(), rows * 4));
    places.add(place("dq", scratch.dq(), queries * 2));
    places.add(place("dk", scratch.dk(), keys * 2));
    places.add(place("dv", scratch.dv(), keys * 2));
    places.add(place("cudnn", scratch.cudnn(), planBytes + 256));
    if (!deterministic) {
      places.add(place("dqSum", scratch.dqSum(), queries * 4));
    }
    if (copies) {
      places.add(place("q", scratch.q(), queries * 2));
      places.add(place("k", scratch.k(), keys * 2));
      places.add(place("v", scratch.v(), keys * 2));
      places.add(place("out", scratch.out(), queries * 2));
      places.add(place("dOut", scratch.dOut(), queries * 2));
    }
    assertDense(places, scratch.bytes());
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void arraysOfTheForwardDoNotOverlap(boolean copies) {
    BlockShape block = new BlockShape(77, 130, 3, new HeadCounts(6, 2, 104));
    long rows = 77L * 3 * 6;
    long keys = 130L * 3 * 2 * 104;
    FusedScratch scratch = FusedScratch.forward(block, copies, 1000);
    List<Place> places = new ArrayList<>();
    places.add(place("stats", scratch.stats(), rows * 4));
    places.add(place("cudnn", scratch.cudnn(), 1000));
    if (copies) {
      places.add(place("q", scratch.q(), rows * 104 * 2));
      places.add(place("k", scratch.k(), keys * 2));
      places.add(place("v", scratch.v(), keys * 2));
      places.add(place("out", scratch.out(), rows * 104 * 2));
    }
    assertDense(places, scratch.bytes());
  }

  private static Place place(String name, long from, long bytes) {
    return new Place(name, from, from + bytes);
  }

  /** One behind the other, 256-aligned, with nothing left between them or at the end. */
  private static void assertDense(List<Place> places, long bytes) {
    places.sort(Comparator.comparing(Place::from));
    long end = 0;
    for (Place place : places) {
      assertEquals((end + 255) / 256 * 256, place.from(), place.toString());
      end = place.to();
    }
    assertEquals((end + 255) / 256 * 256, bytes);
  }

  /** 32 heads of 128 over 8192 tokens: the formula by hand, all terms multiples of 256. */
  @Test
  void workspaceOfAPaperShape() {
    BlockShape pair = new BlockShape(8192, 8192, 1, new HeadCounts(32, 32, 128));
    long elements = 8192L * 32 * 128;
    long rows = 8192L * 32;
    assertEquals(
        2 * 4 * rows + (4 + 3 * 2) * elements + 256,
        FusedAttention.workspaceBytes(whole(pair), false));
    // 128 MiB of scores a head, so 8 heads a call
    long eighth = elements / 4;
    assertEquals(
        2 * 4 * rows / 4 + 3 * 2 * eighth + (1L << 30) + 256,
        FusedAttention.workspaceBytes(whole(pair), true));
  }

  /** A head of 100 is copied into rows of 104. */
  @Test
  void paddedHeadsNeedCopies() {
    BlockShape pair = new BlockShape(256, 256, 1, new HeadCounts(32, 8, 100));
    BlockShape padded = new BlockShape(256, 256, 1, new HeadCounts(32, 8, 104));
    long expected = FusedScratch.backward(padded, true, false, 0).bytes();
    assertTrue(expected > FusedScratch.backward(padded, false, false, 0).bytes());
    assertEquals(expected, FusedAttention.workspaceBytes(whole(pair), false));
  }

  private static AttentionCall whole(BlockShape pair) {
    return new AttentionCall(pair, Mask.FULL, new Heads(0, pair.heads().keyValue()));
  }
}
