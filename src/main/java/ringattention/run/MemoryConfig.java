package ringattention.run;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [memory]}: what a training step keeps, and how much room it has.
 *
 * @param saved by every block for its backward
 * @param offload of what is saved
 * @param headGroups groups of heads that attention takes one after the other; 0: the fewest that
 *     fit
 * @param deviceGiB of one rank's device; 0: what is free
 * @param hostGiB of one host for all its ranks; 0: what is free
 */
public record MemoryConfig(
    SavedKind saved, OffloadKind offload, int headGroups, double deviceGiB, double hostGiB) {
  public static final Section<MemoryConfig> SECTION = Section.of("memory", MemoryConfig::read);

  /** The same with other room on the device. */
  public MemoryConfig withDeviceGiB(double other) {
    return new MemoryConfig(saved, offload, headGroups, other, hostGiB);
  }

  /** The same with other tensors saved. */
  public MemoryConfig withSaved(SavedKind other) {
    return new MemoryConfig(other, offload, headGroups, deviceGiB, hostGiB);
  }

  /** The same with so many groups of heads. */
  public MemoryConfig withHeadGroups(int other) {
    return new MemoryConfig(saved, offload, other, deviceGiB, hostGiB);
  }

  static MemoryConfig read(Table table) {
    return new MemoryConfig(
        table.marked(Trait.ASIDE).choice("saved", SavedKind.class, Default.of(SavedKind.AUTO)),
        table
            .marked(Trait.ASIDE)
            .choice("offload", OffloadKind.class, Default.of(OffloadKind.AUTO)),
        table.integer("headGroups", Range.atLeast(0), Default.of(0)),
        table.marked(Trait.ASIDE).number("deviceGiB", Range.atLeast(0), Default.of(0.0)),
        table.marked(Trait.ASIDE).number("hostGiB", Range.atLeast(0), Default.of(0.0)));
  }
}
