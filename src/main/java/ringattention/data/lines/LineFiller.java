package ringattention.data.lines;

/** Whether the words between a key and its number are always all there. */
public enum LineFiller {
  /**
   * At the first of several levels, every task leaves out a random number of them, from the front.
   */
  RANDOM("random"),
  /** Always. */
  FULL("full");

  private final String name;

  LineFiller(String name) {
    this.name = name;
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
