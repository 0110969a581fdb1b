package ringattention.evaluate.rollout;

import java.util.OptionalDouble;
import ringattention.environment.Environment;
import ringattention.environment.EnvironmentKind;
import ringattention.environment.MdpSize;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [rollout]}: where a model of trajectories acts, and what it sees of it.
 *
 * @param mdp sizes, which count with {@link EnvironmentKind#MDP} only
 * @param seeds sequences side by side, each with an environment of its own
 * @param trials episodes of each, one after the other
 * @param contextTrials earlier trials that stay in the context, at most {@code trials - 1}
 * @param contextSteps last steps of a trial that the model sees, and nothing of trials before; 0:
 *     the whole trial, and {@code contextTrials}
 * @param target the return that is asked for in every trial
 * @param firstTask hidden task of the first sequence; the others follow
 * @param tasks different ones, after which sequences begin again with the first
 * @param sampled whether choices are drawn in proportion to outputs, instead of the largest
 * @param noise share of random actions, or deviation of what is added to them
 */
public record RolloutConfig(
    EnvironmentKind environment,
    MdpSize mdp,
    int seeds,
    int trials,
    int contextTrials,
    int contextSteps,
    OptionalDouble target,
    int firstTask,
    int tasks,
    boolean sampled,
    double noise,
    long seed) {
  public static final Section<RolloutConfig> SECTION =
      Section.required("rollout", "environment", RolloutConfig::read).marked(Trait.ASIDE);

  private static final int MOST_SEEDS = 1 << 16;
  private static final int MOST_TRIALS = 1 << 20;
  private static final int MOST_TASKS = Integer.MAX_VALUE;

  static RolloutConfig read(Table table) {
    EnvironmentKind environment = EnvironmentKind.read(table);
    int seeds = table.integer("seeds", Range.between(1, MOST_SEEDS), Default.of(64));
    int trials = table.integer("trials", Range.between(1, MOST_TRIALS), Default.of(1));
    int window = table.integer("contextSteps", Range.between(0, MOST_TRIALS), Default.of(0));
    int earlier =
        table
            .onlyIf(window == 0, "not with rollout.contextSteps: every trial is alone then")
            .integer(
                "contextTrials",
                Range.between(0, MOST_TRIALS),
                Default.derived(trials - 1, "all of them"));
    boolean asks = table.gives("target");
    double target = // not read where it is not given: there is none by default
        table
            .onlyIf(asks, "")
            .number("target", Range.ANY, new Default<>(null, "required with returns", 1.0));
    Table hidden = table.onlyIf(environment.hasTasks(), "this environment has no hidden tasks");
    long all = Math.min(MOST_TASKS, environment.tasks());
    int first = hidden.integer("firstTask", Range.between(0, MOST_TASKS - 1), Default.of(0));
    int tasks =
        hidden.integer(
            "tasks",
            Range.between(1, MOST_TASKS),
            Default.derived((int) Math.max(1, Math.min(seeds, all - first)), "as many as seeds"));
    table.require(
        !environment.hasTasks() || (long) first + tasks <= all,
        table.gives("tasks") ? "tasks" : "firstTask",
        "must leave firstTask + tasks at most " + all);
    boolean sampled =
        table
            .onlyIf(!environment.moves(), "actions of this environment are no choices")
            .flag("sampled", Default.of(false));
    double noise =
        table.number(
            "noise", new Range("0 to 1", value -> value >= 0 && value <= 1), Default.of(0.0));
    long seed = table.longInteger("seed", Range.ANY, Default.of(1L));
    return new RolloutConfig(
        environment,
        MdpSize.read(table, environment),
        seeds,
        trials,
        window > 0 ? 0 : Math.min(earlier, trials - 1),
        window,
        asks ? OptionalDouble.of(target) : OptionalDouble.empty(),
        environment.hasTasks() ? first : 0,
        environment.hasTasks() ? tasks : 1,
        sampled,
        noise,
        seed);
  }

  /** Returns environments side by side, as many as asked for. */
  public Environment open(int count) {
    return environment.open(count, mdp);
  }

  /** Returns the hidden task of a sequence. */
  int task(int sequence) {
    return firstTask + sequence % tasks;
  }
}
