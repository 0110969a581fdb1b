package ringattention.cli;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringattention.input.InputException;

/**
 * Sizes as people write them, in any case: {@code 80GiB} and {@code 80G} are 80 x 2^30 bytes,
 * {@code 80GB} is 80 x 10^9, as in the GNU tools and Slurm's {@code --mem}. A number without a unit
 * is none: bytes or MiB could be meant.
 */
final class ByteSize {
  private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?) ?([kmgt])(i?b)?");
  private static final List<String> PREFIXES = List.of("k", "m", "g", "t");

  private ByteSize() {}

  /**
   * Returns the bytes that an option was given.
   *
   * @throws InputException if it is no size of at least one byte
   */
  static long parse(String option, String text) {
    Matcher size = SIZE.matcher(text.toLowerCase(Locale.ROOT));
    double bytes = 0;
    if (size.matches()) {
      double base = "b".equals(size.group(3)) ? 1000 : 1024;
      int power = 1 + PREFIXES.indexOf(size.group(2));
      bytes = Double.parseDouble(size.group(1)) * Math.pow(base, power);
    }
    if (bytes < 1 || bytes >= Long.MAX_VALUE) {
      throw new InputException(
          "command line: "
              + option
              + " "
              + text
              + ": must be a size, for example 80GiB, 80GB or 512M");
    }
    return (long) bytes;
  }
}
