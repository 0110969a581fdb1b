package ringattention.data.trajectories;

/** Which trajectories are in a sequence. */
public enum Arrangement {
  /** A part of one, with the return that it still had before it (decision transformer). */
  DECISION("decision"),
  /** Several of one task, each with the return that the best of them still had before it. */
  AGENTIC("agentic");

  private final String name;

  Arrangement(String name) {
    this.name = name;
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
