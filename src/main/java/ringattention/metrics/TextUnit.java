package ringattention.metrics;

/** What a text is measured in, and so what bits are counted by. */
public enum TextUnit {
  BYTE("byte"),
  /** A base of a genome. */
  BASE("base");

  private final String name;

  TextUnit(String name) {
    this.name = name;
  }

  /** Returns the name of bits by one of it in files. */
  public String bitsKey() {
    return "bits_per_" + name;
  }

  /** Returns the name of several in files. */
  public String plural() {
    return name + "s";
  }

  /** Returns the name of one. */
  @Override
  public String toString() {
    return name;
  }
}
