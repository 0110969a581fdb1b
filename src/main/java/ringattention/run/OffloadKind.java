package ringattention.run;

/** Where saved activations may go. {@link #toString} is the spelling in TOML. */
public enum OffloadKind {
  /** To the host what does not fit the device. */
  AUTO("auto"),
  /** They stay on the device. */
  NONE("none"),
  /** All go to the host. */
  HOST("host");

  private final String spelling;

  OffloadKind(String spelling) {
    this.spelling = spelling;
  }

  @Override
  public String toString() {
    return spelling;
  }
}
