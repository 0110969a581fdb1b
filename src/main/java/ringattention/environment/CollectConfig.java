package ringattention.environment;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;

/**
 * Section {@code [collect]}: which episodes are made.
 *
 * @param episodes of each history
 * @param tasks different ones
 * @param histories of each task
 * @param firstTask number of the first; the others follow
 * @param mdp sizes, which count with {@link EnvironmentKind#MDP} only
 */
public record CollectConfig(
    EnvironmentKind environment,
    CollectorKind collector,
    int episodes,
    int tasks,
    int histories,
    int firstTask,
    long seed,
    MdpSize mdp) {
  public static final Section<CollectConfig> SECTION =
      Section.required("collect", "environment", CollectConfig::read);

  private static final int MOST_EPISODES = 1_000_000; // six digits of a file's name
  private static final int MOST_TASKS = 100_000; // five digits of a folder's
  private static final int MOST_HISTORIES = 10_000; // four

  static CollectConfig read(Table table) {
    EnvironmentKind environment = EnvironmentKind.read(table);
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
    int histories = hidden.integer("histories", Range.between(1, MOST_HISTORIES), Default.of(1));
    long seed = table.longInteger("seed", Range.ANY, Default.of(1L));
    MdpSize mdp = MdpSize.read(table, environment);
    return new CollectConfig(
        environment,
        collector,
        episodes,
        environment.hasTasks() ? tasks : 1,
        environment.hasTasks() ? histories : 1,
        environment.hasTasks() ? first : 0,
        seed,
        mdp);
  }

  /** Returns environments side by side, as many as asked for. */
  public Environment open(int count) {
    return environment.open(count, mdp);
  }
}
