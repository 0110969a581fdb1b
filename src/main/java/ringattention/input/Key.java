package ringattention.input;

/**
 * One key of an input file, as {@code docs/inputs.md} lists it.
 *
 * @param name full dotted key
 * @param type for example {@code whole number}
 * @param defaultText its value if not given, or {@code required}
 * @param allowed range or choices
 */
public record Key(String name, String type, String defaultText, String allowed) {}
