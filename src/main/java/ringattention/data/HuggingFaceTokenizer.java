package ringattention.data;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.OptionalInt;
import ringattention.config.InputException;
import ringattention.config.Source;

/** A {@code tokenizer.json}, run by Hugging Face's own library. Reads nothing but its files. */
final class HuggingFaceTokenizer implements Tokenizer {
  private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

  private final long handle;
  private final String fingerprint;
  private final int vocabulary;
  private final int end;
  private final OptionalInt begin;

  private HuggingFaceTokenizer(long handle, TokenizerFiles files) {
    this.handle = handle;
    this.vocabulary = Collections.max(files.ids().values()) + 1;
    this.end = files.end();
    // what it puts in front of an empty text is what it puts in front of any
    int[] around = ids(LIBRARY.encode(handle, "", true));
    this.begin =
        around.length > 0 && around[0] != end ? OptionalInt.of(around[0]) : OptionalInt.empty();
    this.fingerprint = Digest.of(files.json(), "end " + end, "begin " + begin);
  }

  /**
   * @param path of tokenizer.json or its folder
   * @throws InputException naming the file if it cannot be read or is no tokenizer
   */
  static HuggingFaceTokenizer read(Path path, Source source) {
    TokenizerFiles files = TokenizerFiles.read(path, source);
    if (!NativeTokenizers.PROBLEM.isEmpty()) {
      throw source.error(
          "data.tokenizer", "the tokenizers library does not load: " + NativeTokenizers.PROBLEM);
    }
    try {
      long handle = LIBRARY.createTokenizerFromString(files.json());
      LIBRARY.disableTruncation(handle);
      LIBRARY.disablePadding(handle);
      return new HuggingFaceTokenizer(handle, files);
    } catch (RuntimeException unsuitable) {
      throw source.error(
          "data.tokenizer", path + " is not a tokenizer: " + CorpusFiles.reason(unsuitable));
    }
  }

  @Override
  public int[] encode(byte[] text) throws CharacterCodingException {
    String decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    return ids(encoding(decoded));
  }

  @Override
  public Spans spans(String text) {
    long encoding = encoding(text);
    CharSpan[] spans = LIBRARY.getTokenCharSpans(encoding); // in code points
    int[] chars = codePointStarts(text);
    int[] starts = new int[spans.length];
    for (int i = 0; i < spans.length; i++) {
      int before = i == 0 ? 0 : starts[i - 1];
      starts[i] = spans[i] == null ? before : chars[spans[i].getStart()];
    }
    return new Spans(ids(encoding), starts);
  }

  /** Index of every code point's first char, and the text's length. */
  private static int[] codePointStarts(String text) {
    int[] starts = new int[text.codePointCount(0, text.length()) + 1];
    for (int i = 0, at = 0; i < starts.length; i++) {
      starts[i] = at;
      at += at < text.length() ? Character.charCount(text.codePointAt(at)) : 0;
    }
    return starts;
  }

  private long encoding(String text) {
    try {
      return LIBRARY.encode(handle, text, false);
    } catch (RuntimeException unknown) {
      throw new IllegalArgumentException(CorpusFiles.reason(unknown));
    }
  }

  /** Takes the ids and frees the encoding. */
  private static int[] ids(long encoding) {
    try {
      return Arrays.stream(LIBRARY.getTokenIds(encoding)).mapToInt(Math::toIntExact).toArray();
    } finally {
      LIBRARY.deleteEncoding(encoding);
    }
  }

  @Override
  public int vocabulary() {
    return vocabulary;
  }

  @Override
  public int end() {
    return end;
  }

  @Override
  public OptionalInt begin() {
    return begin;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public void close() {
    LIBRARY.deleteTokenizer(handle);
  }
}
