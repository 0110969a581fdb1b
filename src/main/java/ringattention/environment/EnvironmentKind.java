package ringattention.environment;

/** Environments that can be run here. */
public enum EnvironmentKind {
  CARTPOLE("cartpole"),
  CARTPOLE_TASKS("cartpole-tasks"),
  DARK_ROOM("dark-room"),
  DARK_KEY_TO_DOOR("dark-key-to-door"),
  MDP("mdp");

  private final String name;

  EnvironmentKind(String name) {
    this.name = name;
  }

  /** Returns whether each environment has a task that is not seen. */
  public boolean hasTasks() {
    return this != CARTPOLE;
  }

  /** Returns how many different tasks there are. */
  long tasks() {
    return switch (this) {
      case CARTPOLE -> 1;
      case DARK_ROOM -> DarkRoom.tasks(false);
      case DARK_KEY_TO_DOOR -> DarkRoom.tasks(true);
      case CARTPOLE_TASKS, MDP -> Long.MAX_VALUE;
    };
  }

  /** Returns whether actions are numbers, and states have physics. */
  boolean moves() {
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
