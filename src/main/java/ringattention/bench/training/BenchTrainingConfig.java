package ringattention.bench.training;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;
import ringattention.run.SavedKind;

/**
 * Section {@code [benchTraining]}: one row of the table per length, or for each of several kinds of
 * what blocks keep; the model, its training and its text are those of the other sections.
 *
 * @param tokens sequence lengths, each instead of {@code train.sequence}
 * @param deviceGiB room on a device, one number for each length instead of {@code
 *     memory.deviceGiB}; or empty
 * @param saved what blocks keep, each instead of {@code memory.saved}; or empty
 * @param warmup steps that are not timed
 * @param steps that are
 * @param rehearse 0, or the number of blocks, counted from the last, whose backward follows a
 *     forward instead of steps
 * @param rehearseForward blocks, counted from the last, that this forward goes through; 0: all
 */
public record BenchTrainingConfig(
    List<Integer> tokens,
    List<Integer> deviceGiB,
    List<SavedKind> saved,
    int warmup,
    int steps,
    int rehearse,
    int rehearseForward) {
  public static final Section<BenchTrainingConfig> SECTION =
      Section.of("benchTraining", BenchTrainingConfig::read).marked(Trait.ASIDE);

  public BenchTrainingConfig {
    tokens = List.copyOf(tokens);
    deviceGiB = List.copyOf(deviceGiB);
    saved = List.copyOf(saved);
  }

  /**
   * Blocks that a rehearsal's forward goes through.
   *
   * @param layers of the model
   */
  public int forwardBlocks(int layers) {
    return rehearseForward == 0 ? layers : rehearseForward;
  }

  static BenchTrainingConfig read(Table table) {
    return new BenchTrainingConfig(
        table.integers("tokens", Range.atLeast(2), Default.list(4096, 8192)),
        table.integersOrNone("deviceGiB", Range.atLeast(1)),
        table.choicesOrNone("saved", SavedKind.class),
        table.integer("warmup", Range.atLeast(0), Default.of(1)),
        table.integer("steps", Range.atLeast(1), Default.of(2)),
        table.integer("rehearse", Range.atLeast(0), Default.of(0)),
        table.integer("rehearseForward", Range.atLeast(0), Default.of(0)));
  }
}
