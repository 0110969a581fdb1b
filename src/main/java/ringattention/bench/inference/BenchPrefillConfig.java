package ringattention.bench.inference;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [benchPrefill]}: prompts that are read, and steps behind them.
 *
 * @param tokens lengths of prompts
 * @param rows new tokens of a step, each behind the same prompt; none: no steps are measured
 * @param warmup prompts of a length that are not timed
 * @param repeats prompts that are
 * @param steps that are timed, after as many that are not
 */
public record BenchPrefillConfig(
    List<Integer> tokens, List<Integer> rows, int warmup, int repeats, int steps) {
  public static final Section<BenchPrefillConfig> SECTION =
      Section.of("benchPrefill", BenchPrefillConfig::read).marked(Trait.ASIDE);

  public BenchPrefillConfig {
    tokens = List.copyOf(tokens);
    rows = List.copyOf(rows);
  }

  static BenchPrefillConfig read(Table table) {
    return new BenchPrefillConfig(
        table.integers("tokens", Range.atLeast(2), Default.list(1024, 4096)),
        table.integers("rows", Range.between(1, 16), Default.list(1, 4)),
        table.integer("warmup", Range.atLeast(0), Default.of(1)),
        table.integer("repeats", Range.atLeast(1), Default.of(2)),
        table.integer("steps", Range.between(1, 30), Default.of(10)));
  }
}
