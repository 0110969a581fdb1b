package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import ringattention.data.fasta.Bases;
import ringattention.input.Configuration;

/**
 * How many bytes of text, or bases, each token stands for, by what its tokenizer's decoder makes of
 * it. Added tokens, which begin or end texts, stand for none.
 */
final class TokenBytes {
  private static final String SPACE = "\u2581"; // what SentencePiece writes for a space

  private TokenBytes() {}

  /** Returns the bytes by token; empty for a decoder whose rule is not known. */
  static Optional<int[]> of(Configuration configuration) {
    String name = configuration.get(DataConfig.SECTION).tokenizer();
    if (name.equals(DataConfig.BYTES)) {
      int[] ones = new int[new ByteTokenizer().vocabulary()];
      Arrays.fill(ones, 1);
      return Optional.of(ones);
    }
    if (name.equals(DataConfig.BASES)) {
      int[] bases = new int[Bases.SIZE];
      Arrays.fill(bases, 0, Bases.BASES, 1); // others are no labels
      return Optional.of(bases);
    }
    if (name.equals(DataConfig.LINES) || name.equals(DataConfig.NONE)) {
      return Optional.empty(); // what is learned of lines is no text that bits would compress
    }
    Path path = Path.of(name);
    TokenizerFiles files = TokenizerFiles.read(path, configuration.source());
    return of(TokenizerFiles.tree(path, files.json(), configuration.source()), files.ids());
  }

  /**
   * @param tokenizer tokenizer.json
   * @param ids of all tokens
   */
  static Optional<int[]> of(JsonNode tokenizer, Map<String, Integer> ids) {
    boolean byteLevel = tokenizer.path("decoder").findValuesAsText("type").contains("ByteLevel");
    boolean pieces = tokenizer.path("decoder").toString().contains(SPACE);
    if (byteLevel == pieces) {
      return Optional.empty();
    }
    int[] bytes = new int[1 + ids.values().stream().mapToInt(id -> id).max().orElse(0)];
    ids.forEach((token, id) -> bytes[id] = byteLevel ? token.length() : ofPiece(token));
    for (JsonNode added : tokenizer.path("added_tokens")) {
      if (added.path("id").asInt() < bytes.length) { // what stands for the end has one more
        bytes[added.path("id").asInt()] = 0;
      }
    }
    return Optional.of(bytes);
  }

  private static int ofPiece(String token) {
    return token.matches("<0x[0-9A-F]{2}>")
        ? 1
        : token.replace(SPACE, " ").getBytes(StandardCharsets.UTF_8).length;
  }
}
