package ringattention.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.command.Sections;
import ringattention.device.Device;
import ringattention.device.MemoryPlan;
import ringattention.device.cpu.CpuDevice;
import ringattention.input.InputException;
import ringattention.model.ActivationPolicy;
import ringattention.run.MemoryLimits;

/** The choice is the fastest policy with room, and what it needs stays within the room. */
class PolicyChoiceTest {
  private static final int LAYERS = 6;
  private static final long PLENTY = Long.MAX_VALUE;
  private static final ActivationPolicy ALL =
      new ActivationPolicy(LAYERS, 1, LAYERS, 0).withProducts(LAYERS, LAYERS);

  private static TrainingPlan plan(String... overrides) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "model.hidden=64",
                "model.layers=" + LAYERS,
                "model.heads=4",
                "train.sequence=2048",
                "train.steps=1",
                "feedForward.block=64",
                "lossHead.block=64"));
    all.addAll(List.of(overrides));
    return TrainingPlan.of(Sections.INPUTS.defaults(all), 1);
  }

  private static TrainingPlan fitted(long device, long host, String... overrides) {
    try (Device cpu = new CpuDevice(1)) {
      TrainingPlan fitted = plan(overrides).fitted(cpu, new MemoryLimits(device, host));
      if (fitted.memory().fits()) {
        fitted.requireRoom();
        MemoryPlan needs = fitted.needs().of(0, cpu);
        assertTrue(needs.bytes() <= device && needs.hostBytes() <= host, fitted.memory().why());
      }
      return fitted;
    }
  }

  private static long bytes(ActivationPolicy policy) {
    try (Device cpu = new CpuDevice(1)) {
      TrainingPlan plan = plan();
      return new TrainingPlan(plan.configuration(), plan.setup().with(policy), null)
          .needs()
          .of(0, cpu)
          .bytes();
    }
  }

  @Test
  void withRoomEverythingStaysOnTheDevice() {
    assertEquals(ALL, fitted(PLENTY, 0).setup().policy());
  }

  @Test
  void headGroupsComeBeforeTheHost() {
    long grouped = bytes(new ActivationPolicy(LAYERS, 2, LAYERS, 0));
    assertEquals(new ActivationPolicy(LAYERS, 2, LAYERS, 0), fitted(grouped, 0).setup().policy());
    assertEquals(4, fitted(grouped - 1, 0).setup().policy().headGroups());
  }

  @Test
  void theHostTakesNoMoreThanItMust() {
    long device = bytes(new ActivationPolicy(LAYERS, 1, LAYERS, 5));
    ActivationPolicy chosen = fitted(device, PLENTY).setup().policy();
    assertEquals(new ActivationPolicy(LAYERS, 1, LAYERS, 5), chosen);
    assertTrue(fitted(device - 1, PLENTY).setup().policy().onHost() > 5);
  }

  @Test
  void attentionIsRecomputedOnlyWhereThereIsNoRoom() {
    long least = bytes(new ActivationPolicy(LAYERS, 4, 2, 0));
    ActivationPolicy chosen = fitted(least, 0).setup().policy();
    assertEquals(new ActivationPolicy(LAYERS, 4, 2, 0), chosen);
    assertEquals("inputs+attention of 2 of 6", chosen.savedText());
  }

  /** Block by block, to the byte; queries, keys and values of all before any feed-forward. */
  @Test
  void productsFillWhatIsLeftOfTheDevice() {
    for (ActivationPolicy policy :
        List.of(
            ALL,
            ALL.withProducts(LAYERS, 1),
            ALL.withProducts(LAYERS, 0),
            ALL.withProducts(2, 0),
            ALL.withProducts(1, 0))) {
      TrainingPlan chosen = fitted(bytes(policy), 0);
      assertEquals(policy, chosen.setup().policy());
      assertEquals(policy != ALL, chosen.memory().why().contains("passed over saved inputs+att"));
    }
    ActivationPolicy less = fitted(bytes(ALL.withProducts(1, 0)) - 1, PLENTY).setup().policy();
    assertEquals(ALL.withProducts(0, 0), less, "the host is not asked for the sake of products");
    long grouped = bytes(new ActivationPolicy(LAYERS, 2, LAYERS, 0).withProducts(1, 0));
    assertEquals(
        grouped < bytes(ALL.withProducts(0, 0)) ? 2 : 1,
        fitted(grouped, 0).setup().policy().headGroups(),
        "nor are more head groups");
  }

  @Test
  void productsAreKeptWhereTheInputSaysSo() {
    String qkv = "memory.saved=inputs+attention+qkv";
    assertEquals(ALL.withProducts(LAYERS, 0), fitted(PLENTY, PLENTY, qkv).setup().policy());
    String everything = "memory.saved=inputs+attention+qkv+feedForward";
    assertEquals(ALL, fitted(PLENTY, 0, everything).setup().policy());
    ActivationPolicy withHost = ALL.withHeadGroups(4).withOnHost(9);
    assertEquals(
        withHost,
        fitted(bytes(withHost), PLENTY, everything, "memory.headGroups=4").setup().policy());
    assertFalse(fitted(bytes(ALL.withHeadGroups(4)) - 1, 0, everything).memory().fits());
    assertEquals(
        new ActivationPolicy(LAYERS, 1, LAYERS, 2 * LAYERS),
        fitted(PLENTY, PLENTY, "memory.offload=host").setup().policy(),
        "products would stay on the device");
    InputException wrong =
        assertThrows(InputException.class, () -> plan(qkv, "memory.offload=host"));
    assertEquals(
        "-D memory.saved = \"inputs+attention+qkv\": must not be \"inputs+attention+qkv\" with"
            + " memory.offload = \"host\": results of products stay on the device",
        wrong.getMessage());
  }

  @Test
  void theInputHasTheLastWord() {
    ActivationPolicy host =
        fitted(PLENTY, PLENTY, "memory.offload=host", "memory.saved=inputs", "memory.headGroups=2")
            .setup()
            .policy();
    assertEquals(new ActivationPolicy(LAYERS, 2, 0, LAYERS), host);
    InputException wrong = assertThrows(InputException.class, () -> plan("memory.headGroups=3"));
    assertEquals(
        "-D memory.headGroups = 3: must divide 4, the groups there can be", wrong.getMessage());
  }

  @Test
  void withoutRoomTheReasonSaysWhatIsMissing() {
    TrainingPlan none = fitted(1000, 2000);
    assertFalse(none.memory().fits());
    String message = assertThrows(InputException.class, none::requireRoom).getMessage();
    assertTrue(message.startsWith("-D train.sequence = 2048: does not fit"), message);
    assertTrue(message.contains("of 1000 B on the device"), message);
    assertTrue(message.contains("of 1.95 KiB on the host"), message);
  }
}
