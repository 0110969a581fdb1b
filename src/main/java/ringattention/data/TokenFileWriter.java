package ringattention.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;

/** Writes a {@link TokenFile}, document by document. */
final class TokenFileWriter {
  /** The tokens cannot be kept, whatever is right about the corpus. */
  static final class UnwritableException extends IOException {
    private static final long serialVersionUID = 1;

    UnwritableException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
  private MessageDigest digest = Digest.sha256(); // of all that was flushed
  private MessageDigest before; // the open document; null while none of it was flushed
  private final IntList lengths = new IntList(); // of the documents so far
  private int open; // tokens of the document that is being written
  private int predicted; // of them, but for the first
  private boolean first; // whether that is predicted
  private long tokens;
  private long labels;
  private long firsts;

  /**
   * @param channel an empty file; remains open
   */
  TokenFileWriter(FileChannel channel) {
    this.channel = channel;
  }

  int documents() {
    return lengths.size();
  }

  /** Returns the tokens of all documents that have ended. */
  long tokens() {
    return tokens;
  }

  /**
   * One more token of the document.
   *
   * @param learned whether it is to be learned
   */
  void add(int token, boolean learned) throws IOException {
    if (open == Integer.MAX_VALUE) {
      throw new UnwritableException(new IOException("a document has 2^31 tokens"));
    }
    write(learned ? token : ~token);
    first = open == 0 ? learned : first;
    predicted += learned && open > 0 ? 1 : 0;
    open++;
  }

  /** More tokens of the document, all to be learned. */
  void add(int[] more) throws IOException {
    for (int token : more) {
      add(token, true);
    }
  }

  /** Begins a document, with tokens that are not to be learned. */
  void begin(Tokenizer tokenizer) throws IOException {
    for (int token : tokenizer.begin()) {
      add(token, false);
    }
  }

  /** Ends a document, with a token that is to be learned. */
  void end(Tokenizer tokenizer) throws IOException {
    add(tokenizer.end(), true);
    endDocument();
  }

  void endDocument() throws IOException {
    lengths.add(open);
    tokens += open;
    labels += predicted;
    firsts += first ? 1 : 0;
    begin();
  }

  private void begin() {
    open = 0;
    predicted = 0;
    first = false;
    before = null;
  }

  /** Takes back what was written of the document that has not ended. */
  void drop() throws IOException {
    int unread = buffer.position() - open * Integer.BYTES; // of documents before it
    if (before == null) {
      buffer.position(unread);
    } else {
      try {
        channel.truncate(tokens * Integer.BYTES);
      } catch (IOException unwritable) {
        throw new UnwritableException(unwritable);
      }
      digest = before;
      buffer.clear();
    }
    begin();
  }

  /**
   * Makes it whole, and safe on the disk.
   *
   * @param counts what else is known of the corpus
   */
  void finish(CorpusCounts counts) throws IOException {
    int documents = documents();
    for (int i = 0; i < documents; i++) {
      write(lengths.get(i));
    }
    flush();
    digest.update(
        ByteBuffer.allocate(3 * Long.BYTES)
            .putLong(TokenFile.DIGESTED)
            .putLong(tokens)
            .putLong(documents)
            .flip());
    byte[] told = counts.withPredicted(labels, firsts).json();
    drain(ByteBuffer.wrap(told));
    drain(
        ByteBuffer.allocate(TokenFile.FOOTER)
            .putLong(TokenFile.MAGIC)
            .putLong(tokens)
            .putLong(documents)
            .putLong(told.length)
            .put(digest.digest())
            .flip());
    channel.force(true);
  }

  private void write(int value) throws IOException {
    if (!buffer.hasRemaining()) {
      flush();
    }
    buffer.putInt(value);
  }

  private void flush() throws UnwritableException {
    buffer.flip();
    ByteBuffer digested = buffer.duplicate();
    if (open > 0 && before == null) { // the document may be taken back
      digest.update(digested.limit(buffer.limit() - open * Integer.BYTES));
      before = copy(digest);
      digested.limit(buffer.limit());
    }
    digest.update(digested);
    drain(buffer);
    buffer.clear();
  }

  private static MessageDigest copy(MessageDigest digest) {
    try {
      return (MessageDigest) digest.clone();
    } catch (CloneNotSupportedException impossible) {
      throw new IllegalStateException(impossible); // SHA-256 of every JVM can be copied
    }
  }

  private void drain(ByteBuffer bytes) throws UnwritableException {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException unwritable) {
      throw new UnwritableException(unwritable);
    }
  }
}
