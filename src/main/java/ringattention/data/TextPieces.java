package ringattention.data;

import java.io.IOException;

/**
 * A text that is tokenized piece by piece, so that it may be larger than memory. It is cut only
 * where {@link TextCuts} allow it.
 */
final class TextPieces {
  /**
   * A part of the text.
   *
   * @param before stands before it when it is tokenized, and has tokens of its own
   * @param start index of the part's first char in the whole text
   * @param line in which the part begins, counted from 1
   */
  record Piece(String before, String text, long start, long line) {
    String withContext() {
      return before + text;
    }
  }

  /** Takes one piece after the other. */
  interface Consumer {
    void accept(Piece piece) throws IOException;
  }

  /**
   * How long pieces are.
   *
   * @param usual characters from which on a piece ends where it may; none has as many as twice
   *     that, if it may end somewhere
   * @param longest characters of a piece that may end nowhere
   */
  record Size(int usual, int longest) {
    /** The library takes 200 bytes of memory for a character, and longer for longer pieces. */
    static final Size DEFAULT = new Size(1 << 13, 1 << 23);
  }

  /** A text is too long to be kept whole, and can be cut nowhere. */
  static final class NowhereException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    NowhereException(int longest) {
      super(
          "more than "
              + longest
              + " characters and no place where this tokenizer lets a text be cut without other"
              + " tokens");
    }
  }

  private final TextCuts cuts;
  private final Size size;
  private final Consumer consumer;
  private final StringBuilder open = new StringBuilder();
  private int searched = 1; // no cut lies before this index into what is open
  private String before = "";
  private long start;
  private long line = 1;

  TextPieces(TextCuts cuts, Size size, Consumer consumer) {
    this.cuts = cuts;
    this.size = size;
    this.consumer = consumer;
  }

  /** Returns the line, counted from 1, in which the piece begins that is open. */
  long line() {
    return line;
  }

  /**
   * Takes more of the text.
   *
   * @throws NowhereException if it can be cut nowhere and is too long to be kept whole
   */
  void add(CharSequence more) throws IOException {
    for (int at = 0; at < more.length(); ) {
      int end = Math.min(more.length(), at + size.usual());
      open.append(more, at, end);
      at = end;
      if (open.length() >= size.usual()) {
        cut();
      }
    }
  }

  /** Takes the end of the text. */
  void finish() throws IOException {
    emit(open.length());
  }

  private void cut() throws IOException {
    for (int place = open.length() - 1; place >= searched; place--) {
      if (cuts.between(open.charAt(place - 1), open.charAt(place))) {
        emit(place);
        return;
      }
    }
    searched = open.length();
    if (open.length() > size.longest()) {
      throw new NowhereException(size.longest());
    }
  }

  private void emit(int end) throws IOException {
    if (end == 0) {
      return;
    }
    String text = open.substring(0, end);
    consumer.accept(new Piece(before, text, start, line));
    open.delete(0, end);
    searched = 1;
    before = cuts.context();
    start += end;
    line += text.chars().filter(c -> c == '\n').count();
  }
}
