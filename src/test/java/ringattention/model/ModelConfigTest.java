package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.command.Sections;
import ringattention.device.HeadCounts;
import ringattention.input.InputException;
import ringattention.metrics.LossUnit;
import ringattention.parallel.ParameterGroup;
import ringattention.shard.LayoutKind;

/** The model that a user's keys describe, and the ones that are no model. */
class ModelConfigTest {
  private static ModelConfig read(String... keys) {
    List<String> overrides = new ArrayList<>();
    for (String key : keys) {
      overrides.add("model." + key);
    }
    return Sections.INPUTS.defaults(overrides).get(ModelConfig.SECTION);
  }

  private static ModelConfig small(String... keys) {
    List<String> all = new ArrayList<>(List.of("hidden=64", "layers=2", "heads=4"));
    all.addAll(List.of(keys)); // the last of a key wins
    return read(all.toArray(String[]::new));
  }

  private static void refused(String expected, String... keys) {
    InputException error = assertThrows(InputException.class, () -> small(keys));
    assertTrue(error.getMessage().contains(expected), error.getMessage());
  }

  /** Plans, rates and the header go by it; the buffers are what the groups hold. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void parametersAreThoseOfTheGroups(boolean tied) {
    ModelConfig model =
        new ModelConfig(
            61,
            24,
            3,
            new HeadCounts(4, 2, 6),
            40,
            1e4,
            RopeScaling.NONE,
            1e-5,
            tied,
            0.02,
            Optional.empty());
    List<ParameterGroup> groups = LlamaParameters.groups(model);
    assertEquals(tied ? 4 : 5, groups.size());
    assertEquals(groups.stream().mapToLong(ParameterGroup::elements).sum(), model.parameters());
  }

  @Test
  void parametersOfTrajectoriesAreThoseOfTheGroupsToo() {
    ModelConfig model =
        small("input=trajectories", "stateSize=17", "actionSize=6", "episodeSteps=1000");
    List<ParameterGroup> groups = LlamaParameters.groups(model);
    assertEquals(4, groups.size());
    assertEquals(groups.stream().mapToLong(ParameterGroup::elements).sum(), model.parameters());
    assertEquals(LossUnit.SQUARED_ERROR, model.lossUnit());
    assertEquals(LossUnit.NATS, small().lossUnit());
  }

  /** Return, state, action, reward, an indicator of each, up to a multiple of 8. */
  @ParameterizedTest
  @CsvSource({"1, 1, 8", "2, 1, 16", "17, 6, 32", "4, 6, 16"})
  void columnsOfTrajectories(int state, int action, int columns) {
    TrajectoryModel model = new TrajectoryModel(state, action, 10);
    assertEquals(columns, model.features());
    assertEquals(Optional.of(model), small(trajectories(model)).trajectories());
    assertEquals(action, small(trajectories(model)).outputs());
  }

  private static String[] trajectories(TrajectoryModel model) {
    return new String[] {
      "input=trajectories",
      "stateSize=" + model.stateSize(),
      "actionSize=" + model.actionSize(),
      "episodeSteps=" + model.episodeSteps()
    };
  }

  @Test
  void keysOfTrajectoriesAndOfTokensAreApart() {
    refused("model.stateSize is missing", "input=trajectories");
    refused("model.stateSize = 3: only with model.input = \"trajectories\"", "stateSize=3");
    String[] all = trajectories(new TrajectoryModel(3, 2, 10));
    refused(
        "model.vocabulary = 300: only with model.input = \"tokens\"", and(all, "vocabulary=300"));
    refused("model.tied = true: must be false with model.input", and(all, "tied=true"));
    refused("model.input = \"trajectories\": must be \"tokens\" with", and(all, "checkpoint=x"));
    refused("model.actionSize = 0", and(all, "actionSize=0"));
  }

  private static String[] and(String[] keys, String more) {
    return Stream.concat(Stream.of(keys), Stream.of(more)).toArray(String[]::new);
  }

  /** The numbers of Hugging Face's LlamaForCausalLM, of the paper's sizes. */
  @ParameterizedTest
  @CsvSource({
    "PAPER_1B, 1244227584",
    "PAPER_3B, 3426473600",
    "PAPER_7B, 6738415616",
    "PAPER_13B, 13015864320",
    "PAPER_30B, 32528943616",
    "PAPER_65B, 65285660672"
  })
  void thePapersModelsHaveTheirSizes(ModelShape shape, long parameters) {
    assertEquals(parameters, ModelConfig.of(shape, shape.layers()).parameters());
    assertEquals(parameters, read("shape=" + shape).parameters());
  }

  @ParameterizedTest
  @EnumSource(ModelShape.class)
  void aNameIsThatOfAllSizes(ModelShape shape) {
    assertEquals(shape.toString(), ModelConfig.of(shape, 5).name());
    for (String other :
        List.of(
            "hidden=" + 2 * shape.hidden(),
            "heads=" + shape.heads().query() / 2,
            "keyValueHeads=" + shape.heads().query() / 2,
            "headSize=" + 2 * shape.heads().size(),
            "feedForward=8",
            "vocabulary=300")) {
      assertTrue(read("shape=" + shape, other).name().matches("h[0-9]+"), other);
    }
    assertEquals("h64", small().name());
  }

  @Test
  void whatIsNotGivenFollows() {
    ModelConfig model = small("hidden=70", "heads=5");
    assertEquals(
        new ModelConfig(
            256,
            70,
            2,
            new HeadCounts(5, 5, 14),
            192,
            10000,
            RopeScaling.NONE,
            1e-5,
            false,
            0.02,
            Optional.empty()),
        model);
    assertEquals(88, small("hidden=33", "heads=3", "headSize=4").feedForward()); // 88 is 8/3 of it
  }

  /** Positions beyond the old context would be turned by other angles than the model learned. */
  @Test
  void ropeScalingIsWhatIsGiven() {
    assertEquals(
        new Llama3Rope(32, 1, 4, 8192), small("ropeScaling=llama3", "ropeFactor=32").ropeScaling());
    assertEquals(
        new Llama3Rope(8, 2, 3, 4096),
        small(
                "ropeScaling=llama3",
                "ropeFactor=8",
                "ropeLowFrequency=2",
                "ropeHighFrequency=3",
                "ropeOriginalContext=4096")
            .ropeScaling());
    assertEquals(new LinearRope(2), small("ropeScaling=linear", "ropeFactor=2").ropeScaling());
    assertEquals(
        new YarnRope(4, 99, 0.1 * StrictMath.log(4) + 1, 32, 1, true),
        small("ropeScaling=yarn", "ropeFactor=4", "ropeOriginalContext=99").ropeScaling());
    assertEquals(
        new YarnRope(4, 99, 1, 20, 2, false),
        small(
                "ropeScaling=yarn",
                "ropeFactor=4",
                "ropeOriginalContext=99",
                "ropeAttentionFactor=1",
                "ropeBetaFast=20",
                "ropeBetaSlow=2",
                "ropeTruncate=false")
            .ropeScaling());
    assertEquals(
        new LongRope(List.of(1., 1.5), List.of(2., 3.), 4, 99, 1.25, false),
        small(
                "headSize=4",
                "ropeScaling=longrope",
                "ropeFactor=4",
                "ropeOriginalContext=99",
                "ropeAttentionFactor=1.25",
                "ropeShortFactors=[1, 1.5]",
                "ropeLongFactors=[2, 3]")
            .ropeScaling());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          yarn | ropeOriginalContext=9 | model.ropeFactor is missing: must be a number, above 0
          linear | hidden=64 | model.ropeFactor is missing: must be a number, above 0
          yarn | ropeFactor=4 | model.ropeOriginalContext is missing: must be a whole number, at least 1
          longrope | ropeFactor=4 ropeOriginalContext=9 | model.ropeShortFactors is missing: must be a list of numbers
          longrope | ropeFactor=4 ropeOriginalContext=9 ropeShortFactors=[1] ropeLongFactors=[1] | model.ropeShortFactors = [1.0]: must be 8 numbers, one for every pair
          longrope | ropeFactor=4 ropeOriginalContext=1 | model.ropeOriginalContext = 1: must be at least 2
          yarn | ropeFactor=4 ropeOriginalContext=9 ropeBetaSlow=33 | model.ropeBetaSlow = 33.0: must be at most model.ropeBetaFast (32.0)
          yarn | ropeFactor=4 ropeOriginalContext=9 ropeTheta=1 | model.ropeTheta = 1.0: must be above 1
          yarn | ropeFactor=4 ropeOriginalContext=9 ropeAttentionFactor=0 | model.ropeAttentionFactor = 0: must be a number, above 0
          dynamic | ropeFactor=4 | model.ropeScaling = "dynamic": not supported: its frequencies depend on the length of each text
          su | ropeFactor=4 | model.ropeScaling = "su": must be "default" or "linear" or "llama3" or "yarn" or "longrope"
          """)
  void scalingsThatAreNoneAreRefused(String kind, String keys, String message) {
    List<String> all = new ArrayList<>(List.of(keys.split(" ")));
    all.add("ropeScaling=" + kind);
    refused(message, all.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "ropeFactor=2, default",
    "ropeLowFrequency=2, linear",
    "ropeHighFrequency=5, linear",
    "ropeOriginalContext=4096, linear",
    "ropeAttentionFactor=1, llama3",
    "ropeBetaFast=32, longrope",
    "ropeBetaSlow=1, linear",
    "ropeTruncate=true, default",
    "'ropeShortFactors=[1, 1]', yarn",
    "'ropeLongFactors=[1, 1]', llama3"
  })
  void keysOfAnotherScalingAreRefused(String key, String kind) {
    List<String> keys = new ArrayList<>(List.of("headSize=4", "ropeScaling=" + kind));
    if (!kind.equals("default")) {
      keys.add("ropeFactor=2");
    }
    if (kind.equals("yarn") || kind.equals("longrope")) {
      keys.add("ropeOriginalContext=64");
    }
    if (kind.equals("longrope")) {
      keys.addAll(List.of("ropeShortFactors=[1, 1]", "ropeLongFactors=[1, 1]"));
    }
    small(keys.toArray(String[]::new));
    keys.add(key);
    refused(
        "must not be given with model.ropeScaling = \"" + kind + "\"", keys.toArray(String[]::new));
  }

  @Test
  void frequenciesOfScalingAscend() {
    refused(
        "must be below model.ropeHighFrequency (4.0)",
        "ropeScaling=llama3",
        "ropeFactor=8",
        "ropeLowFrequency=4");
  }

  @Test
  void sizesMustFitEachOther() {
    refused("must be a multiple of model.keyValueHeads (3)", "keyValueHeads=3");
    refused("must divide model.hidden (64), or give model.headSize", "heads=3");
    refused("model.headSize = 3: must be even", "hidden=12", "heads=4");
    refused("must not be given with model.checkpoint", "shape=1B", "checkpoint=folder");
    assertEquals(10, small("heads=3", "headSize=10").heads().size());
  }

  /** Sizes in bytes of anything larger would overflow: 2 vocabulary hidden alone is 2^50. */
  @Test
  void modelsThatNoMachineHoldsAreRefused() {
    String[] sizes = {"hidden=1048576", "layers=1", "heads=2", "headSize=2", "feedForward=1"};
    List<String> keys = new ArrayList<>(List.of(sizes));
    keys.add("vocabulary=536870912");
    refused("less than 1e15 weights, this has 1.1e+15", keys.toArray(String[]::new));
    keys.set(5, "vocabulary=1000000");
    assertEquals(1_000_000, read(keys.toArray(String[]::new)).vocabulary());
    refused("this has 1.1e+15", "hidden=1048576", "layers=1", "heads=128", "feedForward=350000000");
    refused("this has 1.1e+15", "hidden=1048576", "layers=84", "heads=1024");
    assertEquals(75, small("hidden=1048576", "layers=75", "heads=1024").layers());
  }

  @ParameterizedTest
  @CsvSource({"4, 3, 8", "4, 0, 8", "4, 2, 7", "4, 2, 0"})
  void headsAreInEvenGroupsOfEvenSize(int heads, int keyValueHeads, int headSize) {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new ModelConfig(
                61,
                24,
                2,
                new HeadCounts(heads, keyValueHeads, headSize),
                40,
                1e4,
                RopeScaling.NONE,
                1e-5,
                false,
                0.02,
                Optional.empty()));
    assertEquals(
        2,
        new ModelConfig(
                61,
                24,
                2,
                new HeadCounts(1, 1, 2),
                40,
                1e4,
                RopeScaling.NONE,
                1e-5,
                false,
                0.02,
                Optional.empty())
            .heads()
            .size());
  }

  /** Fine-tuning on the host of a tied model keeps all but the tie. */
  @Test
  void untiedIsTheSameModel() {
    ModelConfig tied = small("tied=true", "normEpsilon=1e-6");
    ModelConfig untied = tied.untied();
    assertEquals(small("normEpsilon=1e-6"), untied);
    assertEquals((long) tied.vocabulary() * 64, untied.parameters() - tied.parameters());
  }

  @Test
  void blocksAndKindsAreReadWithTheirDefaults() {
    var defaults = Sections.INPUTS.defaults(List.of());
    assertEquals(
        new FeedForwardConfig(FeedForwardKind.BLOCKWISE, 2048),
        defaults.get(FeedForwardConfig.SECTION));
    assertEquals(new LossHeadConfig(512), defaults.get(LossHeadConfig.SECTION));
    var given =
        Sections.INPUTS.defaults(
            List.of(
                "feedForward.kind=full",
                "feedForward.block=1",
                "lossHead.block=1",
                "attention.kind=memory-efficient",
                "attention.mask=full"));
    assertEquals(
        new FeedForwardConfig(FeedForwardKind.FULL, 1), given.get(FeedForwardConfig.SECTION));
    assertEquals(new LossHeadConfig(1), given.get(LossHeadConfig.SECTION));
    AttentionConfig attention = given.get(AttentionConfig.SECTION);
    assertEquals(AttentionKind.MEMORY_EFFICIENT, attention.kind());
    assertEquals(LayoutKind.CONTIGUOUS, attention.layout());
    assertEquals(LayoutKind.ZIGZAG, defaults.get(AttentionConfig.SECTION).layout());
  }

  /** Rows of tables, and keys of benchmarks, go by them. */
  @Test
  void architecturesAreThoseOfThePaper() {
    List<String> rows = new ArrayList<>();
    for (Architecture one : Architecture.values()) {
      rows.add(one + ": " + one.title() + ": " + one.attention() + ", " + one.feedForward());
    }
    assertEquals(
        List.of(
            "vanilla: vanilla: vanilla, full",
            "memory-efficient: memory-efficient attention: memory-efficient, full",
            "blockwise: + blockwise feed-forward: memory-efficient, blockwise",
            "ring: ring attention: ring, blockwise"),
        rows);
  }

  @Test
  void aCheckpointFolderIsKept() {
    ModelConfig plain = small();
    assertTrue(plain.checkpoint().isEmpty());
    assertEquals(
        Path.of("x"),
        new ModelConfig(
                plain.vocabulary(),
                plain.hidden(),
                plain.layers(),
                plain.heads(),
                plain.feedForward(),
                plain.ropeTheta(),
                plain.ropeScaling(),
                plain.normEpsilon(),
                plain.tied(),
                plain.initStd(),
                Optional.of(Path.of("x")))
            .untied()
            .checkpoint()
            .orElseThrow());
  }
}
