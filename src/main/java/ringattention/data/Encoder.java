package ringattention.data;

import java.io.IOException;
import java.util.Arrays;

/**
 * Tokens of whole texts, of whatever length.
 *
 * @param size of the pieces that are tokenized at once
 */
record Encoder(Tokenizer tokenizer, TextPieces.Size size) {
  /** Takes tokens. */
  interface Consumer {
    /**
     * Takes the next token.
     *
     * @param start index of the char in the text where it begins
     */
    void accept(int token, long start) throws IOException;
  }

  Encoder(Tokenizer tokenizer) {
    this(tokenizer, TextPieces.Size.DEFAULT);
  }

  /** Takes the tokens of a text piece by piece, in order. */
  interface Target {
    void accept(int[] tokens) throws IOException;

    /**
     * Takes the reason why the next piece cannot be encoded.
     *
     * @param line in which it begins, counted from 1
     */
    void refuse(long line, String reason) throws IOException;
  }

  /** Returns pieces, to be filled with a text, that are encoded at the same time. */
  TextPieces pieces(OrderedWork work, Target to) {
    return new TextPieces(
        tokenizer.cuts(), size, piece -> work.add(piece.text().length(), () -> encoded(piece, to)));
  }

  private OrderedWork.Step encoded(TextPieces.Piece piece, Target to) {
    try {
      int[] tokens = own(piece, tokenizer.encode(piece.withContext()));
      return () -> to.accept(tokens);
    } catch (IllegalArgumentException unknown) {
      return () -> to.refuse(piece.line(), unknown.getMessage());
    }
  }

  /**
   * Gives the tokens of a text, and where they begin.
   *
   * @throws IllegalArgumentException if the tokenizer cannot encode it
   */
  void spans(String text, Consumer consumer) throws IOException {
    TextPieces pieces = new TextPieces(tokenizer.cuts(), size, piece -> spans(piece, consumer));
    pieces.add(text);
    pieces.finish();
  }

  private void spans(TextPieces.Piece piece, Consumer consumer) throws IOException {
    Tokenizer.Spans spans = tokenizer.spans(piece.withContext());
    int[] tokens = own(piece, spans.tokens());
    int before = spans.tokens().length - tokens.length;
    for (int i = 0; i < tokens.length; i++) {
      int start = spans.starts()[before + i] - piece.before().length();
      consumer.accept(tokens[i], piece.start() + start);
    }
  }

  /** Returns the tokens of a piece without those of what was put before it. */
  private int[] own(TextPieces.Piece piece, int[] tokens) {
    int[] before = piece.before().isEmpty() ? new int[0] : tokenizer.encode(piece.before());
    if (!Arrays.equals(
        before, 0, before.length, tokens, 0, Math.min(before.length, tokens.length))) {
      throw new IllegalStateException("a text was cut where its tokens are others");
    }
    return Arrays.copyOfRange(tokens, before.length, tokens.length);
  }
}
