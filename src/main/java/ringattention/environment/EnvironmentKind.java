package ringattention.environment;

import ringattention.input.Default;
import ringattention.input.Table;

/** Environments that can be run here. */
public enum EnvironmentKind {
  CARTPOLE("cartpole"),
  CARTPOLE_TASKS("cartpole-tasks"),
  DARK_ROOM("dark-room"),
  DARK_KEY_TO_DOOR("dark-key-to-door"),
  MDP("mdp");

  private static final String SIMULATED =
      "needs the simulator MuJoCo and the models of dm_control, which are not part of this program:"
          + " record its episodes with these, or read ExoRL's";
  private static final String COMPOSED =
      "needs the simulator MuJoCo and dm_control's composer, which are not part of this program:"
          + " read ExoRL's episodes";

  private final String name;

  EnvironmentKind(String name) {
    this.name = name;
  }

  /**
   * Reads the key {@code environment} of a section.
   *
   * @throws ringattention.input.InputException also where it names one that needs a simulator
   */
  public static EnvironmentKind read(Table table) {
    table.refuse("environment", "walker", SIMULATED);
    table.refuse("environment", "cheetah", SIMULATED);
    table.refuse("environment", "jaco", COMPOSED);
    return table.choice("environment", EnvironmentKind.class, Default.required(CARTPOLE));
  }

  /** Returns whether each environment has a task that is not seen. */
  public boolean hasTasks() {
    return this != CARTPOLE;
  }

  /** Returns how many different tasks there are. */
  public long tasks() {
    return switch (this) {
      case CARTPOLE -> 1;
      case DARK_ROOM -> DarkRoom.tasks(false);
      case DARK_KEY_TO_DOOR -> DarkRoom.tasks(true);
      case CARTPOLE_TASKS, MDP -> Long.MAX_VALUE;
    };
  }

  /** Returns whether actions are numbers, and states have physics. */
  public boolean moves() {
    return this == CARTPOLE || this == CARTPOLE_TASKS;
  }

  /**
   * Returns environments side by side.
   *
   * @param size counts with {@link #MDP} only
   */
  public Environment open(int count, MdpSize size) {
    return switch (this) {
      case CARTPOLE -> new CartPole(count, false);
      case CARTPOLE_TASKS -> new CartPole(count, true);
      case DARK_ROOM -> new DarkRoom(count, false);
      case DARK_KEY_TO_DOOR -> new DarkRoom(count, true);
      case MDP -> new RandomMdp(count, size.states(), size.actions(), size.steps());
    };
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
