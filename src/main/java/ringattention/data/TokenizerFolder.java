package ringattention.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * A tokenizer's files, for those who copy them; it is not loaded.
 *
 * @param file tokenizer.json, whatever its name
 * @param tokens all tokens and their numbers
 * @param begin the spelling of the token that begins a text, if the files name one
 * @param end the token that ends a text
 * @param pad the token that fills up a text, if the files name one that there is
 */
public record TokenizerFolder(
    Path file,
    Map<String, Integer> tokens,
    Optional<String> begin,
    String end,
    Optional<String> pad) {
  /**
   * Reads the files of a tokenizer for so much model.
   *
   * @param path tokenizer.json or its folder
   * @param key that names it, for errors
   * @param vocabulary tokens of the model
   * @throws InputException if they cannot be read, or it has more tokens than the model
   */
  public static TokenizerFolder read(Path path, String key, Source source, int vocabulary) {
    Source named = source.naming("data.tokenizer", key);
    TokenizerFiles files = TokenizerFiles.read(path, named);
    Tokenizer.requireRoom(files.highest() + 1, key, source, vocabulary);
    Path file = TokenizerFiles.in(path);
    SpecialTokens special = new SpecialTokens(file, files.ids().keySet(), named);
    return new TokenizerFolder(
        file,
        files.ids(),
        special.named("bos_token"),
        files.end(),
        special.named("pad_token").filter(files.ids()::containsKey));
  }

  /** Whether a folder holds one. */
  public static boolean in(Path folder) {
    return Files.isRegularFile(TokenizerFiles.in(folder));
  }

  /** Returns where a file of the tokenizer is that a folder of models has under this name. */
  public Path file(String name) {
    return name.equals(TokenizerFiles.FILE) ? file : file.resolveSibling(name);
  }

  /** Whether it has the same tokens and ends texts with the same one. */
  public boolean isSame(TokenizerFolder other) {
    return end.equals(other.end) && tokens.equals(other.tokens);
  }

  /** Returns the number of a token. */
  public OptionalInt number(Optional<String> token) {
    return token.map(tokens::get).map(OptionalInt::of).orElse(OptionalInt.empty());
  }
}
