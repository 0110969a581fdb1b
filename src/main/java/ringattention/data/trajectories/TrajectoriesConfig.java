package ringattention.data.trajectories;

import java.nio.file.Path;
import java.util.Optional;
import ringattention.input.Default;
import ringattention.input.InputException;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Source;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [trajectories]}: how sequences are made of episodes.
 *
 * @param arrangement which trajectories are in a sequence
 * @param count of trajectories in a sequence
 * @param steps of each that are used; 0: as many as the longest has
 * @param order of the trajectories in a sequence
 * @param tasks which episodes are of one task
 * @param best share of a task's episodes, those of the highest return, that is learned
 * @param returns whether the model sees returns; else they are 0
 * @param scale that returns are divided by; a model means returns of one scale
 * @param rewards where they come from
 * @param statistics of states from a file, in place of those of the training part
 */
public record TrajectoriesConfig(
    Arrangement arrangement,
    int count,
    int steps,
    TrajectoryOrder order,
    TaskFolders tasks,
    double best,
    boolean returns,
    double scale,
    RewardKind rewards,
    Optional<Path> statistics) {
  public static final Section<TrajectoriesConfig> SECTION =
      Section.of("trajectories", TrajectoriesConfig::read);

  private static final Range STEPS = Range.between(0, 1 << 24);
  private static final Range COUNT = Range.between(1, 1 << 20);

  static TrajectoriesConfig read(Table table) {
    Arrangement arrangement =
        table.choice("arrangement", Arrangement.class, Default.of(Arrangement.DECISION));
    boolean agentic = arrangement == Arrangement.AGENTIC;
    Table several =
        table.onlyIf(
            agentic,
            "must not be given with trajectories.arrangement = \"decision\", whose sequences are of"
                + " one trajectory");
    return new TrajectoriesConfig(
        arrangement,
        several.integer("count", COUNT, Default.derived(agentic ? 4 : 1, "4")),
        table.integer("steps", STEPS, Default.of(0)),
        several.choice("order", TrajectoryOrder.class, Default.of(TrajectoryOrder.SORTED)),
        table.choice("tasks", TaskFolders.class, Default.of(TaskFolders.ONE)),
        table.number("best", Range.ABOVE_0_TO_1, Default.of(1.0)),
        table.flag("returns", Default.of(true)),
        table.marked(Trait.SHAPE).single("scale", Range.POSITIVE, Default.of(1000.0)),
        table.choice("rewards", RewardKind.class, Default.of(RewardKind.STORED)),
        table.marked(Trait.OWN).optionalPath("statistics"));
  }

  /**
   * Returns the steps of each trajectory that are used.
   *
   * @param longest steps of an episode
   */
  public int stepsOf(int longest) {
    return steps == 0 ? longest : steps;
  }

  /**
   * Returns the steps of each trajectory that a sequence has, whatever the longest episode has.
   *
   * @throws InputException naming {@code train.sequence} if that is no whole number
   */
  public int stepsIn(int sequence, Source source) {
    int used = Math.max(1, stepsOf((int) (sequence / positions(1))));
    requireSequence(sequence, used, source);
    return used;
  }

  /** Returns the positions of a sequence of trajectories of so many steps. */
  public long positions(int used) {
    return (long) FeatureColumns.KINDS * count * used;
  }

  /**
   * Demands sequences of the right length.
   *
   * @param used steps of each trajectory
   * @throws InputException naming {@code train.sequence} and what it must be
   */
  public void requireSequence(int sequence, int used, Source source) {
    long right = positions(used);
    if (sequence != right) {
      throw source.error(
          "train.sequence",
          "must be "
              + right
              + ": 4 positions a step x "
              + count
              + (count == 1 ? " trajectory x " : " trajectories (trajectories.count) x ")
              + used
              + " steps"
              + (steps == 0 ? ", as the longest episode has" : " (trajectories.steps)"));
    }
  }
}
