package ringattention.run;

/** What a block keeps for its backward. {@link #toString} is the spelling in TOML. */
public enum SavedKind {
  /** Whatever fits. */
  AUTO("auto"),
  /** The block's input; all else is computed again. */
  INPUTS("inputs"),
  /** Its attention output too, so that attention is not computed again. */
  INPUTS_ATTENTION("inputs+attention");

  private final String spelling;

  SavedKind(String spelling) {
    this.spelling = spelling;
  }

  @Override
  public String toString() {
    return spelling;
  }
}
