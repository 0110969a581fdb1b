package ringattention.data.fasta;

/** What {@code validation.fraction} is a share of. */
public enum HeldOutPart {
  /** Parts where there is one record, else records. */
  AUTO("auto"),
  /** Of the records, each of which is held out or learned as a whole. */
  RECORDS("records"),
  /** Of the bases of every record, which are held out in one piece. */
  PARTS("parts");

  private final String name;

  HeldOutPart(String name) {
    this.name = name;
  }

  /** Returns whether a piece of every record is held out. */
  public boolean cuts(long records) {
    return this == PARTS || this == AUTO && records == 1;
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
