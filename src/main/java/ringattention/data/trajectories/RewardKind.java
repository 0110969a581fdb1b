package ringattention.data.trajectories;

/** Where rewards come from. */
public enum RewardKind {
  /** The files' own. */
  STORED("stored"),
  /** Made from the files' {@code physics}, as ExoRL does: cartpole's swing-up, control 0. */
  CARTPOLE_SWINGUP("cartpole-swingup");

  private final String name;

  RewardKind(String name) {
    this.name = name;
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
