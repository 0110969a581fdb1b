package ringattention.data.trajectories;

/** Which episodes are of one task. */
public enum TaskFolders {
  /** All. */
  ONE("one"),
  /** Those below one folder of the corpus' folder. */
  FOLDERS("folders");

  private final String name;

  TaskFolders(String name) {
    this.name = name;
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
