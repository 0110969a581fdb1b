package ringattention.data;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import ringattention.input.InputException;
import ringattention.input.Source;

/** A {@code tokenizer.json}, run by Hugging Face's own library. Reads nothing but its files. */
final class HuggingFaceTokenizer implements Tokenizer {
  private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

  private final long handle;
  private final String fingerprint;
  private final int vocabulary;
  private final int end;
  private final String endText;
  private final int[] begin;
  private final TextCuts cuts;
  private final Map<String, Integer> ids;
  private final ByteRuns byteRuns;

  private HuggingFaceTokenizer(long handle, TokenizerFiles files) {
    this.handle = handle;
    this.vocabulary = files.highest() + 1;
    this.end = files.ids().get(files.end());
    this.endText = files.endText();
    this.begin = begin(handle, endText);
    this.cuts = usable(files.cuts());
    this.ids = files.ids();
    this.byteRuns = ByteRuns.of(files);
    this.fingerprint = Digest.of(files.json(), "end " + end, "begin " + Arrays.toString(begin));
  }

  /**
   * Returns what it puts before a text, which it marks apart from tokens that are written there.
   */
  private static int[] begin(long handle, String token) {
    long encoding = LIBRARY.encode(handle, token, true);
    long[] put = LIBRARY.getSpecialTokenMask(encoding);
    int count = 0;
    while (count < put.length && put[count] == 1) {
      count++;
    }
    return Arrays.copyOf(ids(encoding), count);
  }

  /** Cuts need a letter that can be encoded. */
  private TextCuts usable(TextCuts cuts) {
    try {
      encode(cuts.context());
      return cuts;
    } catch (IllegalArgumentException unknown) {
      return TextCuts.NOWHERE;
    }
  }

  /**
   * @param path of tokenizer.json or its folder
   * @throws InputException naming the file if it cannot be read or is no tokenizer
   */
  static HuggingFaceTokenizer read(Path path, Source source) {
    return of(TokenizerFiles.read(path, source), path.toString(), source);
  }

  /**
   * @param name for errors
   * @throws InputException naming it if it is no tokenizer
   */
  static HuggingFaceTokenizer of(TokenizerFiles files, String name, Source source) {
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
          "data.tokenizer", name + " is not a tokenizer: " + CorpusFiles.reason(unsuitable));
    }
  }

  @Override
  public int[] encode(String text) {
    return tokens(encoding(WellFormed.text(text)));
  }

  @Override
  public Spans spans(String text) {
    long encoding = encoding(WellFormed.text(text));
    CharSpan[] spans = LIBRARY.getTokenCharSpans(encoding); // in code points
    int[] chars = codePointStarts(text);
    int[] starts = new int[spans.length];
    for (int i = 0; i < spans.length; i++) {
      int before = i == 0 ? 0 : starts[i - 1];
      starts[i] = spans[i] == null ? before : chars[spans[i].getStart()];
    }
    return new Spans(tokens(encoding), starts);
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
      throw new IllegalArgumentException(
          "there is no token for a part of it (" + CorpusFiles.reason(unknown) + ")");
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

  private int[] tokens(long encoding) {
    int[] ids = ids(encoding);
    for (int i = 0; i < ids.length; i++) {
      ids[i] = ids[i] < vocabulary ? ids[i] : end; // only the text for the end may be another
    }
    return ids;
  }

  @Override
  public String decode(int[] tokens, boolean skipSpecial) {
    int[] known = Arrays.stream(tokens).filter(token -> token >= 0 && token < vocabulary).toArray();
    long[] mended = Arrays.stream(byteRuns.mended(known)).asLongStream().toArray();
    return LIBRARY.decode(handle, mended, skipSpecial);
  }

  @Override
  public OptionalInt token(String spelling) {
    Integer id = ids.get(spelling);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
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
  public String endText() {
    return endText;
  }

  @Override
  public TextCuts cuts() {
    return cuts;
  }

  @Override
  public int[] begin() {
    return begin.clone();
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
