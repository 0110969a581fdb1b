package ringattention.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import ringattention.input.Source;

/**
 * Goes through all tokens of files once: demands that the model has each, and finds the ends of
 * documents or makes the digest where they are asked for.
 *
 * @param vocabulary all tokens must be below it
 * @param endToken ends a document; empty: documents are not looked for
 * @param progress takes what is read
 */
record ReadyScan(
    List<TokenPart> parts,
    int vocabulary,
    OptionalInt endToken,
    Source source,
    TokenizingProgress progress) {
  private static final int PIECE = 1 << 16; // tokens
  private static final long FILES = 0x72696E6766696C65L; // ringfile

  /**
   * Finds the documents: each ends with the end token, or with its file.
   *
   * @throws ringattention.input.InputException naming a token that the model does not have
   */
  int[] lengths() {
    return run(null);
  }

  /**
   * Returns the digest of a corpus whose documents are known: that of the same tokens and documents
   * in a {@link TokenFile}, however files write them.
   *
   * @param known the lengths of documents; null: they are to be found
   */
  Digested digest(int[] known) {
    MessageDigest digest = Digest.sha256();
    int[] found = run(digest);
    int[] lengths = known == null ? found : known;
    ByteBuffer buffer = ByteBuffer.allocate(PIECE * Integer.BYTES);
    for (int at = 0; at < lengths.length; at += PIECE) {
      int count = Math.min(PIECE, lengths.length - at);
      buffer.clear().asIntBuffer().put(lengths, at, count);
      digest.update(buffer.limit(count * Integer.BYTES));
    }
    return new Digested(finish(digest, TokenFile.DIGESTED, lengths.length), lengths);
  }

  /**
   * A digest and what documents it is of.
   *
   * @param lengths of documents; not to be changed
   */
  record Digested(String digest, int[] lengths) {}

  /** Returns the digest of a corpus of which nothing says what documents it has. */
  String digestOfFiles() {
    MessageDigest digest = Digest.sha256();
    run(digest);
    for (TokenPart part : parts) {
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(part.tokens()).flip());
    }
    return finish(digest, FILES, parts.size());
  }

  private String finish(MessageDigest digest, long kind, long documents) {
    long tokens = parts.stream().mapToLong(TokenPart::tokens).sum();
    digest.update(
        ByteBuffer.allocate(3 * Long.BYTES)
            .putLong(kind)
            .putLong(tokens)
            .putLong(documents)
            .flip());
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * Returns the lengths of documents, if there is an end token.
   *
   * @param digest takes all tokens; null: is not asked for
   */
  private int[] run(MessageDigest digest) {
    DocumentLengths lengths = new DocumentLengths(source);
    try (OrderedWork work = new OrderedWork(OrderedWork.threads())) {
      for (TokenPart part : parts) {
        Ends ends = new Ends(part, lengths);
        for (long at = 0; at < part.tokens(); at += PIECE) {
          long from = at;
          int count = (int) Math.min(PIECE, part.tokens() - at);
          work.add(count, () -> read(part, from, count, digest, ends));
        }
        work.then(ends::file);
      }
      work.finish();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible); // no step writes anything
    }
    return lengths.all();
  }

  /** Reads a piece, on any thread; what comes of it depends on those before. */
  private OrderedWork.Step read(
      TokenPart part, long from, int count, MessageDigest digest, Ends ends) {
    int[] tokens = new int[count];
    part.read(from, count, tokens, 0, vocabulary, source);
    byte[] digested = new byte[digest == null ? 0 : count * Integer.BYTES];
    if (digest != null) {
      ByteBuffer.wrap(digested).asIntBuffer().put(tokens);
    }
    return () -> {
      if (digest != null) {
        digest.update(digested);
      }
      if (endToken.isPresent()) {
        ends.find(tokens, endToken.getAsInt());
      }
      progress.read((long) count * part.width().bytes());
    };
  }

  /** Where documents of a file end, which is gone through in order. */
  private final class Ends {
    private final TokenPart part;
    private final DocumentLengths lengths;
    private long at; // token of the file
    private long begin; // of the document that is read

    Ends(TokenPart part, DocumentLengths lengths) {
      this.part = part;
      this.lengths = lengths;
    }

    void find(int[] tokens, int end) {
      for (int token : tokens) {
        at++;
        if (token == end) {
          lengths.add(at - begin, part.file());
          begin = at;
        }
      }
    }

    void file() {
      if (endToken.isPresent()) {
        lengths.add(part.tokens() - begin, part.file());
      }
    }
  }
}
