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
 * @param network seconds in which a host must be heard of, where ranks are on several; 0: any time
 */
public record TimeoutConfig(double minutes, double network) {
  public static final Section<TimeoutConfig> SECTION =
      Section.of("timeout", TimeoutConfig::read).marked(Trait.ASIDE);

  static TimeoutConfig read(Table table) {
    return new TimeoutConfig(
        table.number("minutes", Range.atLeast(0), Default.of(30.0)),
        table.number("network", Range.atLeast(0), Default.of(20.0)));
  }
}
