package ringattention.huggingface;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tokenizer that goes with an exported model.
 *
 * @param files their contents by name; none: the model has no tokenizer
 * @param ids its special tokens; empty: they are those of the model that training started from,
 *     which may have more of them than a tokenizer says
 */
public record TokenizerCopy(Map<String, byte[]> files, Optional<SpecialIds> ids) {
  /** No tokenizer, and no other special tokens than the model had. */
  public static final TokenizerCopy NONE = new TokenizerCopy(Map.of(), Optional.empty());

  /** The files that make up a tokenizer in a Hugging Face folder. */
  public static final List<String> NAMES =
      List.of(
          "tokenizer.json",
          TokenizerConfigFile.NAME,
          "special_tokens_map.json",
          "tokenizer.model",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "chat_template.jinja",
          "chat_template.json");

  public TokenizerCopy {
    files = new LinkedHashMap<>(files);
  }

  /** Returns the files for a model of so many positions. */
  Map<String, byte[]> files(long positions) {
    Map<String, byte[]> raised = new LinkedHashMap<>(files);
    raised.computeIfPresent(
        TokenizerConfigFile.NAME, (name, bytes) -> TokenizerConfigFile.raised(bytes, positions));
    return raised;
  }
}
