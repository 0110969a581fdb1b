package ringattention.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What is hidden costs nothing, what is not costs the difference, and nothing is hidden twice. */
class StepTimeTest {
  private static final Rates RATES = Rates.of(Hardware.H200);

  @Test
  void aMessageHidesBehindItsHop() {
    double bytes = 1e9;
    double message = RATES.messageS(bytes);
    RingTime hidden = RingTime.NONE.plusHop(RATES, 2 * message, bytes);
    RingTime late = RingTime.NONE.plusHop(RATES, message / 4, bytes);
    assertEquals(RATES.hopS(), hidden.exposed(), 1e-12);
    assertEquals(RATES.hopS() + 0.75 * message, late.exposed(), 1e-12);
    assertEquals(0, RingTime.NONE.plusHop(RATES, 0, 0).exposed());
    assertEquals(
        hidden.exposed() + late.exposed(), hidden.plus(late).exposed(), 1e-12, "hop by hop");
    assertEquals(3 * bytes, hidden.times(3).bytes());
  }

  /** The ring has the link first; what is left of the block's time is for parameters. */
  @Test
  void parametersShareTheLink() {
    double bytes = 1e9;
    double ring = RATES.messageS(bytes);
    RingTime attention = RingTime.NONE.plusHop(RATES, ring, bytes);
    double free = attention.work() + attention.exposed() - ring + 0.010; // seconds of the link
    double gathered = RATES.link() * free;
    StepTime hidden = new StepTime(RATES);
    hidden.add(new BlockTime(0.004, attention, 0.006, gathered, 0, 0));
    assertEquals(0, hidden.phases().seconds(Phase.GATHER), 1e-12);
    StepTime late = new StepTime(RATES);
    late.add(new BlockTime(0.004, attention, 0.006, gathered, RATES.link() * 0.5, 0));
    assertEquals(0, late.phases().seconds(Phase.GATHER), 1e-12);
    assertEquals(0.5, late.phases().seconds(Phase.REDUCE), 1e-9);
    assertEquals(0.5 + RATES.hopS(), late.exposedS(), 1e-9);
    assertEquals(late.phases().inPhases(), late.phases().wallS(), 1e-12);
    assertEquals(bytes + gathered + RATES.link() * 0.5, late.sentBytes(), 1);
  }

  @Test
  void copiesToTheHostHideBehindTheirBlock() {
    StepTime time = new StepTime(RATES);
    time.add(new BlockTime(0.010, RingTime.NONE, 0.010, 0, 0, 0.030 * RATES.host()));
    assertEquals(0.010, time.phases().seconds(Phase.OFFLOAD), 1e-9);
    assertEquals(0, time.exposedS(), "not between ranks");
  }

  @Test
  void otherHardwareAchievesTheSameShares() {
    Rates a100 = Rates.of(Hardware.A100_NVLINK);
    assertEquals(312 / 989.4, a100.products() / RATES.products(), 1e-12);
    assertEquals(312 / 989.4, a100.attentionBackward() / RATES.attentionBackward(), 1e-12);
    assertEquals(2039.0 / 4800, a100.memory() / RATES.memory(), 1e-12);
    assertEquals(24, a100.link() / Rates.of(Hardware.A100_INFINIBAND).link(), 1e-9);
  }

  @Test
  void shortBlocksAreSlower() {
    double flops = 1e15;
    double longest = RATES.forwardS(flops, 1 << 24, 1 << 24);
    assertEquals(flops / RATES.attentionForward(), longest, 1e-4 * longest);
    assertEquals(2, RATES.forwardS(flops, 1 << 20, 1000) / longest, 1e-3);
    assertTrue(RATES.backwardS(flops, 4096, 4096) > 2.5 * RATES.forwardS(flops, 4096, 4096));
  }
}
