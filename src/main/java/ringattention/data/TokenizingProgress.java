package ringattention.data;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Says how far a corpus is tokenized where that takes longer than a moment: after {@link #FIRST}
 * seconds, and then whenever a tenth more time has passed, but not more often than every {@link
 * #EVERY} seconds. What is read counts, in bytes as they lie on the disk; tokens follow shortly
 * behind.
 */
final class TokenizingProgress {
  static final int FIRST = 2;
  static final int EVERY = 5;
  private static final double SECOND = 1e9; // nanoseconds

  private final long bytes;
  private final LongSupplier clock;
  private final Consumer<String> lines;
  private final long start;
  private final String word;
  private double next = FIRST; // seconds
  private long read;

  /**
   * @param bytes of all files
   * @param clock in nanoseconds
   */
  TokenizingProgress(long bytes, LongSupplier clock, Consumer<String> lines) {
    this(bytes, clock, lines, "tokenizing");
  }

  /** Returns the same for tokens that are there, and are read through. */
  static TokenizingProgress ofTokens(long bytes, LongSupplier clock, Consumer<String> lines) {
    return new TokenizingProgress(bytes, clock, lines, "reading tokens");
  }

  private TokenizingProgress(long bytes, LongSupplier clock, Consumer<String> lines, String word) {
    this.word = word;
    this.bytes = bytes;
    this.clock = clock;
    this.lines = lines;
    this.start = clock.getAsLong();
  }

  /** Takes the number of bytes that were read since the last call. */
  void read(long more) {
    read = Math.min(bytes, read + more); // some files are begun twice
    double seconds = seconds();
    if (seconds >= next) {
      next = Math.max(seconds + EVERY, seconds * 1.1);
      double rate = read / seconds;
      lines.accept(
          String.format(
              Locale.ROOT,
              "%s: %.1f%% of %s in %s, %s/s, %s left",
              word,
              100.0 * read / bytes,
              size(bytes),
              time(seconds),
              size(rate),
              read == 0 ? "unknown time" : time((bytes - read) / rate)));
    }
  }

  /** Says what it came to, if it took long enough to have been spoken of. */
  void finish(long tokens) {
    double seconds = seconds();
    if (next > FIRST) {
      lines.accept(
          String.format(
              Locale.ROOT,
              "tokenized %s in %s: %s/s, %.1f ktokens/s",
              size(bytes),
              time(seconds),
              size(bytes / seconds),
              tokens / seconds * 1e-3));
    }
  }

  private double seconds() {
    return (clock.getAsLong() - start) / SECOND;
  }

  private static String size(double bytes) {
    return bytes < 1e9
        ? String.format(Locale.ROOT, "%.1f MB", bytes * 1e-6)
        : String.format(Locale.ROOT, "%.1f GB", bytes * 1e-9);
  }

  private static String time(double seconds) {
    return seconds < 120
        ? String.format(Locale.ROOT, "%.0f s", seconds)
        : seconds < 7200
            ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
            : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
  }
}
