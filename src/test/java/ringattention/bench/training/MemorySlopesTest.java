package ringattention.bench.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.bench.training.LayerMemoryTable.Row;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.MemoryPlan;
import ringattention.model.ActivationPolicy;
import ringattention.model.Architecture;
import ringattention.model.ModelBuffers;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.RopeScaling;
import ringattention.report.Check;
import ringattention.report.Check.Verdict;
import ringattention.shard.Decomposition;
import ringattention.shard.LayoutKind;
import ringattention.shard.MaskKind;

/** Slopes of what a rank really allocates, and of what it would if something were wrong. */
class MemorySlopesTest {
  private static final int RANKS = 4;
  private static final int WORKSPACE = 1 << 20;
  private static final List<Integer> BLOCKS = List.of(128, 256, 512);
  private static final BenchMemoryConfig BENCH =
      new BenchMemoryConfig(
          List.of(256, 512, 1024, 2048), 1024, BLOCKS, List.of(Architecture.values()));

  private static ModelConfig model(int keyValueHeads) {
    return new ModelConfig(
        61, 128, 2, 4, keyValueHeads, 32, 344, 10000, RopeScaling.NONE, 1e-5, false, 0.02);
  }

  private static Row row(
      ModelConfig model,
      DType compute,
      Architecture architecture,
      int ring,
      int tokens,
      int block) {
    ModelSetup setup =
        new ModelSetup(
            model,
            architecture.attention(),
            MaskKind.CAUSAL,
            LayoutKind.ZIGZAG,
            architecture.feedForward(),
            block,
            64,
            new Decomposition(RANKS, ring),
            ring * tokens,
            1,
            1,
            false,
            false,
            ActivationPolicy.inputs(model.layers()));
    MemoryPlan plan = new MemoryPlan();
    // grows by steps, as that of a device may
    plan.allocate(
        "device.workspace",
        Allocator.Purpose.WORKSPACE,
        DType.F32,
        new Dim("words", tokens > 512 ? WORKSPACE : 0));
    ModelBuffers.allocate(plan, setup, 0, compute, DType.F32);
    LayerBytes bytes = LayerBytes.of(plan);
    assertEquals(plan.bytes(), bytes.all());
    double formula = new LayerFormulas(model, compute.bytes()).total(architecture).bytes(tokens);
    return new Row(
        architecture,
        ring,
        ring * tokens,
        tokens,
        setup.shape(0).feedForwardBlock(),
        model.layers(),
        bytes,
        plan.bytes(),
        formula);
  }

  private static List<Row> rows(ModelConfig model, DType compute) {
    List<Row> rows = new ArrayList<>();
    for (Architecture architecture : Architecture.values()) {
      int ring = architecture == Architecture.RING ? RANKS : 1;
      for (int tokens : BENCH.tokens(architecture)) {
        rows.add(row(model, compute, architecture, ring, tokens, BLOCKS.get(0)));
      }
    }
    for (int block : BLOCKS.subList(1, BLOCKS.size())) {
      rows.add(row(model, compute, Architecture.BLOCKWISE, 1, 2048, block));
    }
    rows.add(row(model, compute, Architecture.RING, 1, 2048, BLOCKS.get(0)));
    rows.add(row(model, compute, Architecture.RING, 2, 2048, BLOCKS.get(0)));
    return rows;
  }

  private static Map<String, Verdict> verdicts(
      ModelConfig model, DType compute, List<Row> measured) {
    return new MemorySlopes(BENCH, model, compute, DType.F32, measured)
        .checks().stream().collect(Collectors.toMap(Check::name, Check::verdict));
  }

  private static Row withPeak(Row row, long peak) {
    return new Row(
        row.architecture(),
        row.ranks(),
        row.tokens(),
        row.blockTokens(),
        row.feedForwardBlock(),
        row.layers(),
        row.plan(),
        peak,
        row.formula());
  }

  @ParameterizedTest(name = "{0}, {1} key/value heads")
  @CsvSource({"BF16, 4", "BF16, 2", "BF16, 1", "F32, 4", "F32, 2", "F32, 1"})
  void whatARankAllocatesKeepsThePromises(DType compute, int keyValueHeads) {
    ModelConfig model = model(keyValueHeads);
    Map<String, Verdict> verdicts = verdicts(model, compute, rows(model, compute));
    assertEquals(9, verdicts.size());
    verdicts.forEach((name, verdict) -> assertEquals(Verdict.PASSED, verdict, name));
  }

  /** The rows of one architecture grow by so many more bytes for each of something. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "VANILLA, square, 1, vanilla: square of tokens",
    "MEMORY_EFFICIENT, square, 1, memory-efficient: straight in tokens",
    "BLOCKWISE, square, 1, blockwise: straight in tokens",
    "RING, square, 1, ring: straight in tokens",
    "MEMORY_EFFICIENT, tokens, 300, feed-forward of all tokens at once",
    "RING, tokens, 300, ring: what it needs beside blockwise",
    "BLOCKWISE, block, 300, blockwise feed-forward: its block",
    "RING, ranks, 100000, ring: number of ranks"
  })
  void otherGrowthFails(Architecture architecture, String by, int bytes, String check) {
    Function<Row, Number> extent =
        switch (by) {
          case "square" -> row -> Math.pow(row.blockTokens(), 2);
          case "tokens" -> Row::blockTokens;
          case "block" -> Row::feedForwardBlock;
          default -> Row::ranks;
        };
    ModelConfig model = model(2);
    List<Row> grown =
        rows(model, DType.BF16).stream()
            .map(
                row ->
                    row.architecture() == architecture
                        ? withPeak(row, row.peak() + bytes * extent.apply(row).longValue())
                        : row)
            .toList();
    assertEquals(Verdict.FAILED, verdicts(model, DType.BF16, grown).get(check));
  }

  @Test
  void aFeedForwardThatKeepsItsWidthFails() {
    ModelConfig model = model(2);
    List<Row> wide =
        rows(model, DType.BF16).stream()
            .map(
                row -> {
                  LayerBytes plan = row.plan();
                  long more = 2L * model.feedForward() * row.blockTokens();
                  return new Row(
                      row.architecture(),
                      row.ranks(),
                      row.tokens(),
                      row.blockTokens(),
                      row.feedForwardBlock(),
                      row.layers(),
                      new LayerBytes(
                          plan.attention(),
                          plan.feedForward() + more,
                          plan.saved(),
                          plan.workspace(),
                          plan.rest()),
                      row.peak() + more,
                      row.formula());
                })
            .toList();
    assertEquals(
        Verdict.FAILED, verdicts(model, DType.BF16, wide).get("blockwise feed-forward: tokens"));
  }

  @Test
  void whatWasNotMeasuredIsNotChecked() {
    Predicate<Row> kept =
        row ->
            row.architecture() != Architecture.MEMORY_EFFICIENT
                && !(row.architecture() == Architecture.RING && row.ranks() < RANKS)
                && !(row.architecture() == Architecture.VANILLA && row.tokens() == 256);
    ModelConfig model = model(2);
    List<Row> rows = rows(model, DType.BF16).stream().filter(kept).toList();
    Map<String, Verdict> verdicts = verdicts(model, DType.BF16, rows);
    for (String check :
        List.of(
            "vanilla: square of tokens",
            "memory-efficient: straight in tokens",
            "feed-forward of all tokens at once",
            "ring: number of ranks")) {
      assertEquals(Verdict.NOT_CHECKED, verdicts.get(check), check);
    }
    assertEquals(Verdict.PASSED, verdicts.get("ring: what it needs beside blockwise"));
  }

  @Test
  void theTableHoldsOursAgainstThePapers() {
    ModelConfig model = model(4);
    List<String> printed = new ArrayList<>();
    MemorySlopes slopes =
        new MemorySlopes(BENCH, model, DType.BF16, DType.F32, rows(model, DType.BF16));
    List<String> csv = slopes.table(printed::add).csv().lines().toList();
    assertEquals("architecture,part,per,formula,formula_bytes,bytes,ratio", csv.get(0));
    assertEquals(13, csv.size());
    assertEquals(2 + 12, printed.size());
    // two matrices of scores where the paper counts one
    assertCells("vanilla,attention,token^2,e b n s^2,8.0,", 16, csv.get(1));
    // gate, up, activated, its gradient; normed, its gradient; input, gradient of the output
    assertCells(
        "memory-efficient,feed-forward,token,4 e b s h,1024.0,",
        2 * (4 * 344 + 4 * 128),
        csv.get(5));
    assertCells("blockwise,feed-forward,token,e b s h,256.0,", 2 * 2 * 128, csv.get(8));
    // queries, output, its gradient, block's output in bf16; sum in fp32; keys and values three
    // times in bf16, their gradients four times in fp32; two log-sum-exps of 4 heads
    double ring = 2 * 128 * 4 + 4 * 128 + 2 * 2 * 128 * 3 + 4 * 2 * 128 * 4 + 2 * 4 * 4;
    assertCells("ring,attention,token,6 e b c h,1536.0,", ring, csv.get(10));
  }

  private static void assertCells(String start, double bytes, String line) {
    assertTrue(line.startsWith(start), line);
    String[] rest = line.substring(start.length()).split(",");
    assertEquals(bytes, Double.parseDouble(rest[0]), 1e-3 * bytes, line);
    double formula = Double.parseDouble(start.split(",")[4]);
    assertEquals(bytes / formula, Double.parseDouble(rest[1]), 1e-3 * bytes / formula, line);
  }
}
