package ringattention.data;

/** How conversations become text. */
interface ChatFormat {
  /**
   * Returns the text of a conversation that ends with an answer.
   *
   * @throws IllegalArgumentException if there is none, in words that go behind a file and line
   */
  ChatText text(Chat chat);

  /**
   * Returns the text behind which the next answer begins.
   *
   * @throws IllegalArgumentException as {@link #text}
   */
  String prompt(Chat chat);

  /** Returns whether texts have the tokens that begin a document, or need none. */
  boolean begins();

  /** Returns what differs between formats that may give other texts. */
  String fingerprint();
}
