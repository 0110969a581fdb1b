package ringattention.data.fasta;

/** What becomes of bases in lower case, which mark repeats. */
public enum SoftMask {
  /** They are learned like any other. */
  LEARNED("learned"),
  /** Others see them, and nothing is learned of them. */
  CONTEXT("context");

  private final String name;

  SoftMask(String name) {
    this.name = name;
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
