package ringattention.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.bench.attention.BenchRingConfig;
import ringattention.command.Sections;
import ringattention.data.DataConfig;
import ringattention.device.HeadCounts;
import ringattention.model.Architecture;
import ringattention.model.AttentionConfig;
import ringattention.model.AttentionKind;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;
import ringattention.plan.MeshRules;
import ringattention.plan.Schedule;
import ringattention.plan.TrainConfig;
import ringattention.plan.Variants;
import ringattention.run.DeviceConfig;
import ringattention.run.DeviceKind;
import ringattention.run.MemoryConfig;
import ringattention.run.OutputConfig;
import ringattention.run.Precision;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;
import ringattention.validate.ValidateConfig;

class InputsTest {
  private static final List<String> WITHOUT_DEFAULT = List.of("prompts", "shape", "checkpoint");

  private static final Set<String> OF_TRAJECTORY_MODELS =
      Set.of("stateSize", "actionSize", "episodeSteps");

  /** In use with tokens that are there already only. */
  private static final List<String> OF_TOKENS = List.of("idType", "endToken");

  /** Of sequences of several trajectories, and without a default. */
  private static final List<String> OF_TRAJECTORIES =
      List.of("trajectories.count", "trajectories.order", "trajectories.statistics");

  /** Keys of suites other than that of {@link #COMPLETE}. */
  private static final List<String> OF_ANOTHER_SUITE =
      List.of("depths", "values", "queries", "keys", "haystack");

  /** In use with some kinds of scaling only. */
  private static final List<String> OF_A_SCALING =
      List.of(
          "ropeAttentionFactor",
          "ropeBetaFast",
          "ropeBetaSlow",
          "ropeTruncate",
          "ropeShortFactors",
          "ropeLongFactors");

  private static final String COMPLETE =
      """
      [model]
      hidden = 64
      layers = 2
      heads = 4
      keyValueHeads = 2
      [train]
      sequence = 8_192
      steps = 40
      learningRate = 1e-3
      [data]
      path = "a \\"quoted\\" \\\\ folder\\t"
      extensions = ["java", "md"]
      [benchRing]
      bytes = [5_000_000_000]
      [suite]
      name = "lines"
      lengths = [4096]
      [collect]
      environment = "mdp"
      [rollout]
      environment = "mdp"
      target = 3
      """;

  @TempDir Path folder;

  private Configuration read(String text, String... overrides) throws IOException {
    Path file = folder.resolve("input.toml");
    Files.writeString(file, text);
    return Sections.INPUTS.read(file, List.of(overrides));
  }

  @Test
  void anotherSequenceChangesNothingElse() throws IOException {
    Configuration complete = read(COMPLETE);
    MemoryConfig room = complete.get(MemoryConfig.SECTION);
    Configuration replaced = Variants.of(complete, 99, room);
    Configuration read = read(COMPLETE, "train.sequence=99");
    assertFalse(Sections.INPUTS.sections().isEmpty());
    for (Section<?> section : Sections.INPUTS.sections()) {
      assertEquals(read.get(section), replaced.get(section), section.name());
    }
  }

  @Test
  void modelsAreNamedAfterThePapersWhateverTheirLayers() throws IOException {
    String other = COMPLETE.substring(COMPLETE.indexOf("[train]"));
    assertEquals(
        "1B",
        read("[model]\nshape = \"1B\"\nlayers = 16\n" + other).get(ModelConfig.SECTION).name());
    assertEquals("7B", read("[model]\nshape = \"7B\"\n" + other).get(ModelConfig.SECTION).name());
    String grouped = "[model]\nshape = \"7B\"\nkeyValueHeads = 8\n";
    assertEquals("h4096", read(grouped + other).get(ModelConfig.SECTION).name());
    assertEquals("h64", read(COMPLETE).get(ModelConfig.SECTION).name());
  }

  @Test
  void valuesAndDefaults() throws IOException {
    Configuration configuration = read(COMPLETE);
    assertEquals(
        new ModelConfig(
            256,
            64,
            2,
            new HeadCounts(4, 2, 16),
            176,
            10000,
            RopeScaling.NONE,
            1e-5,
            false,
            0.02,
            Optional.empty()),
        configuration.get(ModelConfig.SECTION));
    assertEquals(
        new TrainConfig(
            8192,
            1,
            0,
            40,
            1,
            Schedule.COSINE,
            1e-3,
            1e-4,
            4,
            0,
            0.1,
            List.of("norm", "bias"),
            0.9,
            0.95,
            1e-8,
            1,
            1,
            3,
            false),
        configuration.get(TrainConfig.SECTION));
    assertEquals(Path.of("a \"quoted\" \\ folder\t"), configuration.get(DataConfig.SECTION).path());
    assertEquals(List.of("java", "md"), configuration.get(DataConfig.SECTION).extensions());
    assertEquals(List.of(5_000_000_000L), configuration.get(BenchRingConfig.SECTION).bytes());
    assertEquals(
        new AttentionConfig(AttentionKind.RING, Mask.CAUSAL, LayoutKind.ZIGZAG),
        configuration.get(AttentionConfig.SECTION));
  }

  @Test
  void layoutFollowsMask() throws IOException {
    assertEquals(
        LayoutKind.CONTIGUOUS,
        read("attention.mask = \"full\"").get(AttentionConfig.SECTION).layout());
  }

  @Test
  void fieldAndDocumentsFollowFormat() throws IOException {
    DataConfig text = read(COMPLETE).get(DataConfig.SECTION);
    assertEquals("text", text.field());
    assertEquals(false, text.documents());
    DataConfig conversations = read(COMPLETE, "data.format=conversations").get(DataConfig.SECTION);
    assertEquals("auto", conversations.field());
    assertEquals(true, conversations.documents());
    assertEquals(
        false,
        read(COMPLETE, "data.format=jsonl", "data.documents=false")
            .get(DataConfig.SECTION)
            .documents());
  }

  @Test
  void shapeNamesThePapersModels() {
    assertEquals(
        new ModelConfig(
            32000,
            4096,
            32,
            new HeadCounts(32, 32, 128),
            11008,
            10000,
            RopeScaling.NONE,
            1e-5,
            false,
            0.02,
            Optional.empty()),
        Sections.INPUTS.defaults(List.of("model.shape=7B")).get(ModelConfig.SECTION));
    ModelConfig changed =
        Sections.INPUTS
            .defaults(List.of("model.shape=1B", "model.layers=3", "model.keyValueHeads=4"))
            .get(ModelConfig.SECTION);
    assertEquals(
        new ModelConfig(
            32000,
            2048,
            3,
            new HeadCounts(16, 4, 128),
            5504,
            10000,
            RopeScaling.NONE,
            1e-5,
            false,
            0.02,
            Optional.empty()),
        changed);
  }

  /** Commands that need no model run without one; asking for it is the error. */
  @Test
  void absentSections() {
    Configuration configuration = Sections.INPUTS.defaults(List.of());
    assertEquals(List.of(64, 97), configuration.get(ValidateConfig.SECTION).lengths());
    assertMessage(
        "no input file: model.hidden is missing: this command needs section [model]",
        () -> configuration.get(ModelConfig.SECTION));
    assertMessage(
        "no input file: train.sequence is missing: this command needs section [train]",
        () -> configuration.get(TrainConfig.SECTION));
    assertMessage(
        "no input file: data.path is missing: this command needs section [data]",
        () -> configuration.get(DataConfig.SECTION));
  }

  @Test
  void overridesWinAndNeedNoQuotes() throws IOException {
    Configuration configuration =
        read(
            COMPLETE,
            "train.steps=7",
            "attention.kind=memory-efficient",
            "data.path=src/main",
            "data.extensions=[\"txt\"]",
            "output.plots = false",
            "model.initStd=1e-1");
    assertEquals(7, configuration.get(TrainConfig.SECTION).steps());
    assertEquals(AttentionKind.MEMORY_EFFICIENT, configuration.get(AttentionConfig.SECTION).kind());
    assertEquals(Path.of("src/main"), configuration.get(DataConfig.SECTION).path());
    assertEquals(List.of("txt"), configuration.get(DataConfig.SECTION).extensions());
    assertEquals(false, configuration.get(OutputConfig.SECTION).plots());
    assertEquals(0.1, configuration.get(ModelConfig.SECTION).initStd());
  }

  @Test
  void usedInputsReadBackEqual() throws Exception {
    Configuration first = read(COMPLETE, "parallel.ring=3", "validate.lengths=[9]");
    String used = first.source().toml();
    Configuration second = read(used);
    for (Section<?> section : Sections.INPUTS.sections()) {
      assertEquals(first.get(section), second.get(section), section.name());
    }
    assertEquals(used, second.source().toml());
    for (Key key : Sections.INPUTS.keys()) {
      String name = key.name().substring(key.name().indexOf('.') + 1);
      boolean optional = WITHOUT_DEFAULT.contains(name) || OF_A_SCALING.contains(name);
      optional |= OF_ANOTHER_SUITE.contains(name) || name.contains("." + TableList.NUMBER + ".");
      optional |= OF_TOKENS.contains(name) || OF_TRAJECTORY_MODELS.contains(name);
      optional |= OF_TRAJECTORIES.contains(key.name());
      assertTrue(used.contains("\n" + name + " = ") || optional, key.name());
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 0, RING, 4", "4, 2, RING, 2", "3, 0, VANILLA, 1", "1, 0, RING, 1"})
  void worldIsDivided(int ranks, int ring, AttentionKind kind, int ringSize) {
    Configuration configuration =
        Sections.INPUTS.defaults(List.of("parallel.ring=" + ring, "attention.kind=" + kind));
    assertEquals(ringSize, MeshRules.ringSize(configuration, ranks));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          4 | parallel.ring=3    | -D parallel.ring = 3: must divide the number of ranks (4)
          2 | parallel.ring=4    | -D parallel.ring = 4: must divide the number of ranks (2)
          4 | train.sequence=7   | -D train.sequence = 7: must be at least 8, two tokens for each rank of a ring
          4 | parallel.ring=2    | FILE: train.batch = 1: must be a multiple of the number of rings (4 ranks / 2 = 2)
          2 | fault.rank=2       | -D fault.rank = 2: must be below the number of ranks (2)
          2 | attention.kind=vanilla | FILE: train.batch = 1: must be a multiple of the number of rings (2 ranks / 1 = 2)
          """)
  void worldThatDoesNotFit(int ranks, String override, String message) throws IOException {
    Configuration configuration = read(COMPLETE, override);
    assertMessage(
        message.replace("FILE", folder.resolve("input.toml").toString()),
        () -> MeshRules.mesh(configuration, ranks));
  }

  /** Ranks that exchange heads divide those that share a sequence, and the key/value heads. */
  @ParameterizedTest
  @CsvSource({
    "4, 0, 2, 1, 2, 2, 3",
    "4, 2, 2, 2, 1, 2, 3",
    "6, 6, 1, 1, 6, 1, 1",
    "8, 4, 4, 2, 1, 4, 3"
  })
  void headsAreTheInnerAxis(
      int ranks, int ring, int heads, int data, int groups, int inner, int chunks) {
    Configuration configuration =
        Sections.INPUTS.defaults(
            List.of("parallel.ring=" + ring, "parallel.heads=" + heads, "parallel.headChunks=3"));
    assertEquals(new Mesh(data, groups, inner, 1, chunks), MeshRules.mesh(configuration, ranks));
  }

  @Test
  void headsThatDoNotDivideTheRanksOfARing() {
    Configuration configuration =
        Sections.INPUTS.defaults(List.of("parallel.ring=3", "parallel.heads=2"));
    assertMessage(
        "-D parallel.heads = 2: must divide the number of ranks of a ring (3)",
        () -> MeshRules.mesh(configuration, 6));
  }

  /** Tensor ranks are inside of those that exchange heads, within the ranks of a ring. */
  @ParameterizedTest
  @CsvSource({"2, 0, 1, 2, 1, 1", "4, 2, 1, 2, 2, 1", "8, 8, 2, 2, 1, 2", "6, 0, 1, 2, 1, 3"})
  void tensorRanksAreInnermost(int ranks, int ring, int heads, int tensor, int data, int groups) {
    Configuration configuration =
        Sections.INPUTS.defaults(
            List.of(
                "parallel.ring=" + ring, "parallel.heads=" + heads, "parallel.tensor=" + tensor));
    assertEquals(new Mesh(data, groups, heads, tensor), MeshRules.mesh(configuration, ranks));
  }

  @ParameterizedTest
  @CsvSource({
    "parallel.heads=1, must divide the number of ranks of a ring (3)",
    "parallel.heads=3, times parallel.heads must divide the number of ranks of a ring (3)"
  })
  void tensorRanksThatDoNotDivideTheRanksOfARing(String heads, String rule) {
    Configuration configuration =
        Sections.INPUTS.defaults(List.of("parallel.ring=3", heads, "parallel.tensor=2"));
    assertMessage("-D parallel.tensor = 2: " + rule, () -> MeshRules.mesh(configuration, 6));
  }

  /** Lengths that a benchmark makes of tokens and ranks are checked like those of the input. */
  @Test
  void sequencesOfRingsAreBelowTwoBillionTokens() throws IOException {
    Configuration configuration = read(COMPLETE);
    assertEquals(
        1 << 30,
        Variants.of(configuration, Architecture.RING, 1 << 28, 1, 4)
            .get(TrainConfig.SECTION)
            .sequence());
    for (Executable longer :
        List.<Executable>of(
            () -> Variants.of(configuration, Architecture.RING, 1 << 30, 1, 2),
            () -> Variants.withRings(configuration, 2, 1 << 30, 4))) {
      InputException refused = assertThrows(InputException.class, longer);
      assertTrue(
          refused
              .getMessage()
              .endsWith(
                  "train.sequence = 2147483648: must be below 2^31, here 1073741824 tokens on each"
                      + " of 2 ranks"),
          refused.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 8, 3, 2", "0, 2, 4, 1", "5, 8, 2, 5"})
  void threadsShareTheCores(int threads, int cores, int localRanks, int expected) {
    assertEquals(
        expected,
        new DeviceConfig(DeviceKind.CPU, threads, Precision.BF16, false, 1, false)
            .threads(cores, localRanks));
  }

  @Test
  void missingAndUnreadableFiles() throws IOException {
    Path missing = folder.resolve("none.toml");
    assertMessage(missing + ": no such file", () -> Sections.INPUTS.read(missing, List.of()));
    assertMessage(
        folder + ": cannot be read: must be a readable file",
        () -> Sections.INPUTS.read(folder, List.of()));
    Path binary = Files.write(folder.resolve("binary.toml"), new byte[] {(byte) 0xff, 0});
    assertMessage(binary + ": must be UTF-8 text", () -> Sections.INPUTS.read(binary, List.of()));
  }

  private static void assertMessage(String expected, Executable call) {
    assertEquals(expected, assertThrows(InputException.class, call).getMessage());
  }
}
