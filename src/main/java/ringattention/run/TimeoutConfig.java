package ringattention.run;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [timeout]}: when a run that hangs is ended.
 *
 * @param minutes of training without any progress of a rank; 0: never
 */
public record TimeoutConfig(double minutes) {
  public static final Section<TimeoutConfig> SECTION =
      Section.of("timeout", TimeoutConfig::read).marked(Trait.ASIDE);

  static TimeoutConfig read(Table table) {
    return new TimeoutConfig(table.number("minutes", Range.atLeast(0), Default.of(30.0)));
  }
}
