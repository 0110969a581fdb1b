package ringattention.input;

import java.util.function.DoublePredicate;

/** Which numbers a key takes, and how that is said. */
public record Range(String text, DoublePredicate accepts) {
  public static final Range ANY = new Range("any", value -> true);
  public static final Range POSITIVE = new Range("above 0", value -> value > 0);
  public static final Range FRACTION =
      new Range("at least 0 and below 1", value -> value >= 0 && value < 1);
  public static final Range BETWEEN_0_AND_1 =
      new Range("above 0 and below 1", value -> value > 0 && value < 1);

  public static final Range ABOVE_0_TO_1 =
      new Range("above 0, at most 1", value -> value > 0 && value <= 1);

  public static Range between(long minimum, long maximum) {
    return new Range(minimum + " to " + maximum, value -> value >= minimum && value <= maximum);
  }

  public static Range atLeast(long minimum) {
    return new Range("at least " + minimum, value -> value >= minimum);
  }
}
