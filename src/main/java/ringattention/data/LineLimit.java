package ringattention.data;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/** Text whose lines have a limit, so that a file without lines is not read into memory whole. */
final class LineLimit extends FilterReader {
  /** A line is longer than it may be. */
  static final class ExceededException extends IOException {
    private static final long serialVersionUID = 1;

    private final long line;

    ExceededException(long line) {
      this.line = line;
    }

    /** Returns the number of the line, counted from 1. */
    long line() {
      return line;
    }
  }

  private final int most; // characters
  private long line = 1;
  private long length; // of the line so far
  private boolean lifted;

  LineLimit(Reader text, int most) {
    super(text);
    this.most = most;
  }

  /** From now on lines may be as long as they are. */
  void lift() {
    lifted = true;
  }

  @Override
  public int read(char[] into, int from, int count) throws IOException {
    int read = super.read(into, from, count);
    for (int i = from; i < from + read && !lifted; i++) {
      boolean ends = into[i] == '\n';
      line += ends ? 1 : 0;
      length = ends ? 0 : length + 1;
      if (length > most) {
        throw new ExceededException(line);
      }
    }
    return read;
  }

  @Override
  public int read() throws IOException {
    char[] one = new char[1];
    return read(one, 0, 1) < 0 ? -1 : one[0];
  }
}
