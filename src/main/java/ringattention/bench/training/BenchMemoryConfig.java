package ringattention.bench.training;

import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;
import ringattention.model.Architecture;

/**
 * Section {@code [benchMemory]}: one row of the table per architecture and length, and further rows
 * at the longest.
 *
 * @param tokens on a rank, ascending, three or more
 * @param vanillaTokens the longest of them for vanilla attention, whose scores grow with the square
 * @param feedForwardBlocks ascending; the first is that of every length
 * @param architectures without repetition
 */
public record BenchMemoryConfig(
    List<Integer> tokens,
    int vanillaTokens,
    List<Integer> feedForwardBlocks,
    List<Architecture> architectures) {
  public static final Section<BenchMemoryConfig> SECTION =
      Section.of("benchMemory", BenchMemoryConfig::read).marked(Trait.ASIDE);

  private static final int LENGTHS = 3; // that a parabola goes through

  public BenchMemoryConfig {
    tokens = List.copyOf(tokens);
    feedForwardBlocks = List.copyOf(feedForwardBlocks);
    architectures = List.copyOf(architectures);
  }

  static BenchMemoryConfig read(Table table) {
    List<Integer> tokens =
        table.integers("tokens", Range.atLeast(2), Default.list(1024, 2048, 4096));
    table.require(
        tokens.size() >= LENGTHS && ascending(tokens),
        "tokens",
        "must be three or more, ascending");
    int longest = tokens.get(tokens.size() - 1);
    int vanillaTokens =
        table.integer(
            "vanillaTokens", Range.atLeast(2), Default.derived(longest, "the longest of tokens"));
    List<Integer> blocks =
        table.integers("feedForwardBlocks", Range.atLeast(1), Default.list(512, 1024));
    table.require(
        blocks.size() >= 2 && ascending(blocks),
        "feedForwardBlocks",
        "must be two or more, ascending");
    table.require(
        blocks.get(0) <= tokens.get(0) && blocks.get(blocks.size() - 1) <= longest,
        "feedForwardBlocks",
        "the first must be at most the first of benchMemory.tokens ("
            + tokens.get(0)
            + "), the last at most the last ("
            + longest
            + ")");
    List<Architecture> architectures =
        table.choiceList("architectures", Architecture.class, Default.list(Architecture.values()));
    table.require(
        new HashSet<>(architectures).size() == architectures.size(),
        "architectures",
        "must not name one twice");
    table.require(
        !architectures.contains(Architecture.VANILLA) || vanillaTokens >= tokens.get(LENGTHS - 1),
        "vanillaTokens",
        "must be at least the third of benchMemory.tokens (" + tokens.get(LENGTHS - 1) + ")");
    return new BenchMemoryConfig(tokens, vanillaTokens, blocks, architectures);
  }

  private static boolean ascending(List<Integer> numbers) {
    return IntStream.range(1, numbers.size()).allMatch(i -> numbers.get(i - 1) < numbers.get(i));
  }

  /** The lengths at which an architecture is measured. */
  public List<Integer> tokens(Architecture architecture) {
    return architecture == Architecture.VANILLA
        ? tokens.stream().filter(length -> length <= vanillaTokens).toList()
        : tokens;
  }

  public int longest() {
    return tokens.get(tokens.size() - 1);
  }
}
