package ringattention.environment;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;

/**
 * Section {@code [collect]}: which episodes are made.
 *
 * @param episodes of each history
 * @param tasks histories, each of its own task
 * @param firstTask number of the first; the others follow
 * @param mdp sizes, which count with {@link EnvironmentKind#MDP} only
 */
public record CollectConfig(
    EnvironmentKind environment,
    CollectorKind collector,
    int episodes,
    int tasks,
    int firstTask,
    long seed,
    MdpSize mdp) {
  public static final Section<CollectConfig> SECTION =
      Section.required("collect", "environment", CollectConfig::read);

  private static final int MOST_EPISODES = 1_000_000; // six digits of a file's name
  private static final int MOST_TASKS = 100_000; // five digits of a folder's
  private static final String SIMULATED =
      "needs the simulator MuJoCo and the models of dm_control, which are not part of this program:"
          + " record its episodes with these, or read ExoRL's";
  private static final String COMPOSED =
      "needs the simulator MuJoCo and dm_control's composer, which are not part of this program:"
          + " read ExoRL's episodes";

  static CollectConfig read(Table table) {
    table.refuse("environment", "walker", SIMULATED);
    table.refuse("environment", "cheetah", SIMULATED);
    table.refuse("environment", "jaco", COMPOSED);
    EnvironmentKind environment =
        table.choice(
            "environment", EnvironmentKind.class, Default.required(EnvironmentKind.CARTPOLE));
    CollectorKind collector =
        table.choice("collector", CollectorKind.class, Default.of(CollectorKind.ANNEALED));
    table.require(
        environment.moves() || !collector.moves(),
        "collector",
        "must be \"uniform\" or \"annealed\" with this environment, whose actions are choices");
    int episodes = table.integer("episodes", Range.between(1, MOST_EPISODES), Default.of(1000));
    Table hidden = table.onlyIf(environment.hasTasks(), "this environment has no hidden tasks");
    int tasks = hidden.integer("tasks", Range.between(1, MOST_TASKS), Default.of(1));
    int first = hidden.integer("firstTask", Range.between(0, MOST_TASKS - 1), Default.of(0));
    table.require(
        !environment.hasTasks()
            || (long) first + tasks <= Math.min(environment.tasks(), MOST_TASKS),
        tasks == 1 ? "firstTask" : "tasks",
        "must leave firstTask + tasks at most " + Math.min(environment.tasks(), MOST_TASKS));
    long seed = table.longInteger("seed", Range.ANY, Default.of(1L));
    Table sizes = table.onlyIf(environment == EnvironmentKind.MDP, "only of mdp");
    MdpSize mdp =
        new MdpSize(
            sizes.integer("states", Range.between(2, 256), Default.of(10)),
            sizes.integer("actions", Range.between(2, 32), Default.of(5)),
            sizes.integer("steps", Range.between(1, 1000), Default.of(10)));
    return new CollectConfig(
        environment,
        collector,
        episodes,
        environment.hasTasks() ? tasks : 1,
        environment.hasTasks() ? first : 0,
        seed,
        mdp);
  }

  /** Returns environments side by side, as many as asked for. */
  public Environment open(int count) {
    return environment.open(count, mdp);
  }
}
