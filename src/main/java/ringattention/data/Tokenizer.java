package ringattention.data;

import java.nio.file.Path;
import java.util.OptionalInt;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * Text to tokens and back, for several threads at a time. Special tokens are never added to a text,
 * but those written in it are found.
 */
public interface Tokenizer extends AutoCloseable {
  /**
   * The tokens of a text and where each begins.
   *
   * @param tokens [tokens]
   * @param starts [tokens]: index into the text's chars; a token that stands for nothing in the
   *     text begins where the one before it did
   */
  record Spans(int[] tokens, int[] starts) {}

  /**
   * Returns the tokens of a whole text, in which half of a surrogate pair stands for U+FFFD.
   *
   * @throws IllegalArgumentException if it has what the tokenizer has no token for
   */
  int[] encode(String text);

  /**
   * Returns the tokens of a whole text with the places they come from; takes longer.
   *
   * @throws IllegalArgumentException if it has what the tokenizer has no token for
   */
  Spans spans(String text);

  /**
   * Returns the text of tokens. Bytes that are no character become U+FFFD; numbers that are no
   * token of this tokenizer stand for nothing. Text of tokens that follow one another is not the
   * text of each put together, see {@link TextStream}.
   *
   * @param skipSpecial whether special tokens stand for nothing, else they are spelled
   */
  String decode(int[] tokens, boolean skipSpecial);

  /** Returns the token that is spelled so in the vocabulary, if there is one. */
  OptionalInt token(String spelling);

  /** Returns where a text may be cut without other tokens. */
  TextCuts cuts();

  /** One more than the highest token. */
  int vocabulary();

  /** Ends every document. */
  int end();

  /**
   * Returns a text of its own for the token that ends a document: wherever it is written in a
   * longer text, that token stands there and divides what is before it from what is behind it.
   */
  String endText();

  /** Returns the tokens that begin every document; none, if the tokenizer has no such tokens. */
  int[] begin();

  /** Differs between tokenizers that may give other tokens. */
  String fingerprint();

  @Override
  void close();

  /**
   * Returns a name for the contents of the files of {@code data.tokenizer}, without loading it.
   *
   * @throws InputException if they cannot be read
   */
  static String digest(Configuration configuration) {
    String name = configuration.get(DataConfig.SECTION).tokenizer();
    if (name.equals(DataConfig.BYTES) || name.equals(DataConfig.NONE)) {
      return name;
    }
    TokenizerFiles files =
        switch (name) {
          case DataConfig.LINES -> TokenizerFiles.ofLines();
          case DataConfig.BASES -> TokenizerFiles.ofBases();
          default -> TokenizerFiles.read(Path.of(name), configuration.source());
        };
    return Digest.of(files.json(), "end " + files.end());
  }

  /**
   * Returns the tokenizer of {@code data.tokenizer}.
   *
   * @param vocabulary tokens of the model
   * @throws InputException if it cannot be read, or has more tokens than the model
   */
  static Tokenizer of(Configuration configuration, int vocabulary) {
    String name = configuration.get(DataConfig.SECTION).tokenizer();
    return of(name, "data.tokenizer", configuration.source(), vocabulary);
  }

  /**
   * Returns the tokenizer of so much model.
   *
   * @param name {@link DataConfig#BYTES}, {@link DataConfig#LINES}, {@link DataConfig#BASES},
   *     {@link DataConfig#NONE}, or a tokenizer.json or its folder
   * @param key that said it, for errors
   * @param vocabulary tokens of the model
   * @throws InputException if it cannot be read, or has more tokens than the model
   */
  static Tokenizer of(String name, String key, Source source, int vocabulary) {
    Source named = source.naming("data.tokenizer", key);
    Tokenizer tokenizer =
        switch (name) {
          case DataConfig.BYTES -> new ByteTokenizer();
          case DataConfig.NONE -> new NoTokenizer();
          case DataConfig.LINES -> HuggingFaceTokenizer.of(TokenizerFiles.ofLines(), name, named);
          case DataConfig.BASES -> HuggingFaceTokenizer.of(TokenizerFiles.ofBases(), name, named);
          default -> HuggingFaceTokenizer.read(Path.of(name), named);
        };
    try {
      requireRoom(tokenizer.vocabulary(), key, source, vocabulary);
      return tokenizer;
    } catch (InputException e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * Demands a model with a place for every token.
   *
   * @param tokens one more than the highest
   * @throws InputException naming the key if the model has fewer
   */
  static void requireRoom(int tokens, String key, Source source, int vocabulary) {
    if (tokens > vocabulary) {
      throw source.error(
          key,
          "has tokens up to "
              + (tokens - 1)
              + ", must be below model.vocabulary ("
              + vocabulary
              + ")");
    }
  }
}
