package ringattention.data.lines;

/** Whether the words between a key and its number are always all there. */
public enum LineFiller {
  /**
   * Tasks of the first number of lines have none of them at the first level, and one more at each
   * level after it, until all are there.
   */
  GROWING("growing"),
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
