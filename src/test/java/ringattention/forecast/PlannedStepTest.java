package ringattention.forecast;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.command.PlanComparison;
import ringattention.command.Sections;
import ringattention.metrics.Hardware;
import ringattention.metrics.Phase;
import ringattention.metrics.Rates;
import ringattention.metrics.StepTime;

/** Plans for one and two H200s against what was measured on them, and how plans scale. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PlannedStepTest {
  private final List<PlanComparison.Row> rows =
      PlanComparison.of(Hardware.H200, Path.of("validation/gpu/2xH200/runs"));

  Stream<PlanComparison.Row> rows() {
    return rows.stream();
  }

  @Test
  void eightConfigurationsWereMeasured() {
    assertTrue(rows.size() >= 8, rows.size() + " rows");
  }

  @ParameterizedTest
  @MethodSource("rows")
  void timeIsWithinTenPercent(PlanComparison.Row row) {
    assertEquals(1, row.timeRatio(), 0.10, row.run() + ", " + row.plan().tokens() + " tokens");
  }

  /** To the byte: what was kept there is kept where it was, and nothing is forgotten. */
  @ParameterizedTest
  @MethodSource("rows")
  void memoryIsThatOfTheRun(PlanComparison.Row row) {
    String run = row.run() + ", " + row.plan().tokens() + " tokens";
    assertEquals(row.measured().get("offload"), row.plan().plan().offload(), run);
    assertEquals(row.measured().get("saved"), row.plan().plan().saved(), run);
    assertEquals(1, row.memoryRatio(), 1e-8, run);
  }

  private static StepTime step(Hardware hardware, int ranks, String... overrides) {
    return HardwarePlan.of(
            hardware,
            Sections.INPUTS.read(Path.of("inputs/train-7b.toml"), List.of(overrides)),
            ranks)
        .time()
        .orElseThrow();
  }

  /** The sequence of each doubles with the ranks: so does a rank's attention, and nothing else. */
  @Test
  void ranksShareASequence() {
    String kept = "memory.saved=inputs+attention"; // four have less room for parameters
    StepTime four = step(Hardware.H200, 4, "train.sequence=262144", kept);
    StepTime eight = step(Hardware.H200, 8, "train.sequence=524288", kept);
    assertEquals(
        2, eight.phases().seconds(Phase.ATTENTION) / four.phases().seconds(Phase.ATTENTION), 0.02);
    assertEquals(
        four.phases().seconds(Phase.FEED_FORWARD), eight.phases().seconds(Phase.FEED_FORWARD));
  }

  /** 24 times less bandwidth: what NVLink hides, InfiniBand does not, and long blocks do again. */
  @Test
  void slowNetworksAreExposedUntilBlocksAreLong() {
    String small = "train.sequence=131072";
    String large = "train.sequence=2097152";
    StepTime nvlink = step(Hardware.A100_NVLINK, 32, small);
    StepTime infiniband = step(Hardware.A100_INFINIBAND, 32, small);
    StepTime longBlocks = step(Hardware.A100_INFINIBAND, 32, large);
    assertEquals(nvlink.sentBytes(), infiniband.sentBytes());
    assertTrue(share(nvlink) < 0.15, "exposed " + share(nvlink));
    assertTrue(share(infiniband) > 0.3, "exposed " + share(infiniband));
    assertTrue(share(longBlocks) < 0.01, "exposed " + share(longBlocks));
  }

  /** An all-to-all alone has no ring to wait for, and kernels of whole sequences are faster. */
  @Test
  void ranksExchangeHeads() {
    String tokens = "train.sequence=16384";
    StepTime ring = step(Hardware.H200, 4, tokens);
    StepTime both = step(Hardware.H200, 4, tokens, "parallel.heads=2");
    StepTime alone = step(Hardware.H200, 4, tokens, "parallel.heads=4");
    assertEquals(0, ring.phases().seconds(Phase.HEADS_EXCHANGE));
    assertEquals(0, alone.phases().seconds(Phase.RING_WAIT));
    assertTrue(ring.phases().seconds(Phase.RING_WAIT) > both.phases().seconds(Phase.RING_WAIT));
    assertTrue(both.phases().seconds(Phase.HEADS_EXCHANGE) > 0);
    assertTrue(
        alone.phases().seconds(Phase.ATTENTION) < ring.phases().seconds(Phase.ATTENTION) * 0.95);
    // a block of 32 heads of 128 and as many key/value heads, bf16, kept outputs: 4 out, 5 again,
    // 3 fp32 back, of 4096 tokens; 3/4 go to others
    double bytes = 4096.0 * 4096 * (2 * (4 + 5) + 4 * 3) * 3 / 4 * 32;
    double sentByRings = ring.sentBytes() - alone.sentBytes() + bytes;
    // three hops there and four back, the last without keys and values, each of two tensors
    double hops = 4096.0 * 4096 * 2 * (2 * (3 + 3) + 4 * 3) * 32;
    assertEquals(hops, sentByRings, 1e-9 * hops);
  }

  /** All but the first chunk's coming and the last one's leaving, where the work is longer. */
  @Test
  void chunksOfHeadsAreExchangedBehindTheWorkOfOthers() {
    for (int heads : new int[] {2, 4}) {
      String exchanging = "parallel.heads=" + heads;
      String tokens = "train.sequence=65536";
      StepTime atOnce = step(Hardware.H200, 4, tokens, exchanging);
      double bytes = 16384.0 * 4096 * (2 * (4 + 5) + 4 * 3) * 32; // as above
      double link = Rates.of(Hardware.H200).linkS(bytes * (heads - 1) / heads);
      double copies = Rates.of(Hardware.H200).memoryS(2 * bytes);
      for (int chunks : new int[] {1, 2, 4}) {
        StepTime step = step(Hardware.H200, 4, tokens, exchanging, "parallel.headChunks=" + chunks);
        double exchange = step.phases().seconds(Phase.HEADS_EXCHANGE);
        assertEquals(copies + link / chunks, exchange, 1e-9, heads + " ranks, " + chunks);
        assertEquals(atOnce.sentBytes(), step.sentBytes(), 1e-9 * step.sentBytes());
        assertEquals(
            atOnce.phases().seconds(Phase.ATTENTION), step.phases().seconds(Phase.ATTENTION), 1e-9);
      }
    }
  }

  /** A slow link is hidden no longer than the work takes, less what the ring's messages take. */
  @Test
  void noMoreIsHiddenThanThereIsWork() {
    String tokens = "train.sequence=2048";
    double atOnce =
        seconds(step(Hardware.H200, 4, tokens, "parallel.heads=4"), Phase.HEADS_EXCHANGE);
    StepTime step = step(Hardware.H200, 4, tokens, "parallel.heads=4", "parallel.headChunks=2");
    double inChunks = seconds(step, Phase.HEADS_EXCHANGE);
    double hidden = atOnce - inChunks;
    assertTrue(hidden > 0, hidden + " s");
    double attention = seconds(step, Phase.ATTENTION);
    assertTrue(hidden <= attention, hidden + " s behind " + attention + " s");
    double link = Rates.of(Hardware.H200).linkS(512.0 * 4096 * (2 * (4 + 5) + 4 * 3) * 32 * 3 / 4);
    assertTrue(hidden < link / 2 * 0.99, hidden + " s of " + link + " s");
  }

  /** A tensor rank multiplies as much as before, gathers half, and sends its tokens. */
  @Test
  void ranksShareProducts() {
    String tokens = "train.sequence=32768";
    String kept = "memory.saved=inputs+attention";
    StepTime ring = step(Hardware.H200, 4, tokens, kept);
    StepTime both = step(Hardware.H200, 4, tokens, kept, "parallel.tensor=2");
    assertEquals(0, ring.phases().seconds(Phase.TENSOR_EXCHANGE));
    for (Phase phase : List.of(Phase.PROJECTIONS, Phase.FEED_FORWARD, Phase.LOSS_HEAD)) {
      double seconds = ring.phases().seconds(phase);
      assertEquals(seconds, both.phases().seconds(phase), 0.05 * seconds, "" + phase);
    }
    assertTrue(both.phases().seconds(Phase.RING_WAIT) < ring.phases().seconds(Phase.RING_WAIT));
    // of a block with kept outputs 6 gathers and 5 sums of 8192 tokens in bf16, and over the link
    double bytes = 8192.0 * 4096 * 2 * (6 + 5) * 32;
    Rates rates = Rates.of(Hardware.H200);
    double seconds = rates.memoryS(8192.0 * 4096 * 2 * 3 * 5) * 32 + rates.linkS(bytes / 32) * 32;
    assertEquals(seconds, both.phases().seconds(Phase.TENSOR_EXCHANGE), 1e-6 * seconds);
  }

  /** By the products that are not computed again, less two copies; attention is as it was. */
  @Test
  void whatIsKeptIsNotComputedAgain() {
    Hardware h200 = Hardware.H200;
    List<StepTime> kinds =
        Stream.of("inputs+attention", "inputs+attention+qkv", "inputs+attention+qkv+feedForward")
            .map(kind -> step(h200, 4, "train.sequence=32768", "memory.saved=" + kind))
            .toList();
    double rows = 8192;
    double projections = 2 * rows * 3 * 4096 * 4096 * 32; // of queries, keys and values
    double copies = 2.0 * 2 * 2 * 2 * rows * 4096 * 32; // there and back, two, read and written
    double spared = 2.0 * (2 + 2 * 2) * rows * 4096 * 32; // norm, rotations of queries and keys
    Rates rates = Rates.of(h200);
    assertEquals(
        rates.productsS(projections) + rates.memoryS(spared) - rates.memoryS(copies),
        seconds(kinds.get(0), Phase.PROJECTIONS) - seconds(kinds.get(1), Phase.PROJECTIONS),
        1e-9);
    double gateAndUp = 2 * rows * 2 * 4096 * 11008 * 32;
    assertEquals(
        rates.productsS(gateAndUp) - rates.memoryS(2.0 * 2 * rows * 4096 * 32),
        seconds(kinds.get(1), Phase.FEED_FORWARD) - seconds(kinds.get(2), Phase.FEED_FORWARD),
        1e-9);
    double output = 2 * rows * 4096 * 4096 * 32;
    assertEquals(
        rates.productsS(output) + rates.memoryS(2.0 * 2 * rows * 4096 * 32),
        seconds(kinds.get(1), Phase.PROJECTIONS) - seconds(kinds.get(2), Phase.PROJECTIONS),
        1e-9);
    assertEquals(seconds(kinds.get(0), Phase.ATTENTION), seconds(kinds.get(2), Phase.ATTENTION));
  }

  private static double seconds(StepTime time, Phase phase) {
    return time.phases().seconds(phase);
  }

  private static double share(StepTime time) {
    return time.exposedS() / time.phases().wallS();
  }
}
