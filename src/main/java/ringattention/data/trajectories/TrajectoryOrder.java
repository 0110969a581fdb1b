package ringattention.data.trajectories;

/** In which order the trajectories of a sequence are. */
public enum TrajectoryOrder {
  /** Drawn at random from those of a task, that of the least return first. */
  SORTED("sorted"),
  /** Consecutive ones, as they were collected. */
  COLLECTED("collected");

  private final String name;

  TrajectoryOrder(String name) {
    this.name = name;
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
