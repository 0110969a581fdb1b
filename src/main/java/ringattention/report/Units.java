package ringattention.report;

import java.util.Locale;

/** Numbers with a unit that scales, in widths that do not change. */
public final class Units {
  private static final String[] TIMES = {"ns", "us", "ms", "s"};
  private static final String[] SIZES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final String[] FACTORS = {"", "k", "M", "G", "T", "P"};

  private Units() {}

  /** For example {@code 812.4 ms}. */
  public static String time(double seconds) {
    double value = seconds * 1e9;
    int unit = 0;
    while (unit < TIMES.length - 1 && Math.abs(value) >= 999.95) {
      value /= 1000;
      unit++;
    }
    return format("%.1f %s", value, TIMES[unit]);
  }

  /** A factor of a thousand and three to four digits, for example {@code 322.7 ktok/s}. */
  public static String scaled(double value, String unit) {
    int factor = 0;
    double scaled = value;
    while (factor < FACTORS.length - 1 && Math.abs(scaled) >= 999.95) {
      scaled /= 1000;
      factor++;
    }
    return format("%.1f %s%s", scaled, FACTORS[factor], unit);
  }

  /** At most four characters and a binary unit, for example {@code 12.1 GiB}. */
  public static String bytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    double value = bytes;
    int unit = 0;
    while (unit < SIZES.length - 1 && Math.round(value) >= 1024) {
      value /= 1024;
      unit++;
    }
    return format(
        value < 9.995 ? "%.2f %s" : value < 99.95 ? "%.1f %s" : "%.0f %s", value, SIZES[unit]);
  }

  /**
   * Two units of time at most, for example {@code 45s}, {@code 1m20s}, {@code 2h05m}, {@code
   * 3d04h}.
   */
  public static String duration(double seconds) {
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + "s";
    }
    if (whole < 3600) {
      return format("%dm%02ds", whole / 60, whole % 60);
    }
    if (whole < 86400) {
      return format("%dh%02dm", whole / 3600, whole % 3600 / 60);
    }
    return format("%dd%02dh", whole / 86400, whole % 86400 / 3600);
  }

  static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
