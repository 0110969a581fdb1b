package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * The tokens that the files beside a tokenizer.json name, {@code tokenizer_config.json} before
 * {@code special_tokens_map.json}.
 *
 * @param file tokenizer.json
 * @param known all its tokens
 * @param beside those files that are there, in their order, read once
 */
record SpecialTokens(Path file, Set<String> known, Source source, Map<Path, JsonNode> beside) {
  private static final List<String> FILES =
      List.of("tokenizer_config.json", "special_tokens_map.json");
  // of Llama 1 and 2, Llama 3, GPT and its like, Gemma
  private static final List<String> USUAL_ENDS =
      List.of("</s>", "<|end_of_text|>", "<|endoftext|>", "<eos>");

  SpecialTokens(Path file, Set<String> known, Source source) {
    this(file, known, source, read(file, source));
  }

  private static Map<Path, JsonNode> read(Path file, Source source) {
    Map<Path, JsonNode> read = new LinkedHashMap<>();
    for (String name : FILES) {
      Path beside = file.resolveSibling(name);
      if (Files.exists(beside)) {
        read.put(beside, TokenizerFiles.tree(beside, TokenizerFiles.text(beside, source), source));
      }
    }
    return read;
  }

  /**
   * Returns the token that ends a document: the {@code eos_token} of the files, or one of the usual
   * ones if they name none.
   *
   * @throws InputException if there is none, or a token at the end or the beginning of texts is
   *     named that tokenizer.json does not have
   */
  String end() {
    List<String> ends = new ArrayList<>();
    beside.forEach(
        (in, tokens) -> {
          named(tokens, "bos_token", in); // begins what its templates write
          named(tokens, "eos_token", in).ifPresent(ends::add);
        });
    return ends.stream()
        .findFirst()
        .or(() -> USUAL_ENDS.stream().filter(known::contains).findFirst())
        .orElseThrow(
            () ->
                source.error(
                    "data.tokenizer",
                    file
                        + " has no token that ends a document: name it as eos_token in "
                        + FILES.get(0)
                        + " beside it"));
  }

  /** Returns the spelling that the files give a token, the first that does; none if none does. */
  Optional<String> named(String key) {
    for (JsonNode tokens : beside.values()) {
      JsonNode value = tokens.path(key);
      String token = (value.isObject() ? value.path("content") : value).asText("");
      if (!token.isEmpty() && !value.isNull()) {
        return Optional.of(token);
      }
    }
    return Optional.empty();
  }

  /** Returns the token that a key names, as a text or as an object with it; none if it is empty. */
  private Optional<String> named(JsonNode tokens, String key, Path in) {
    JsonNode value = tokens.path(key);
    JsonNode token = value.isObject() ? value.path("content") : value;
    if (value.isMissingNode() || value.isNull() || token.asText().isEmpty() && token.isTextual()) {
      return Optional.empty();
    }
    if (!token.isTextual() || !known.contains(token.textValue())) {
      throw source.error(
          "data.tokenizer",
          in + ": " + key + " = " + value + ": must be a token of " + file.getFileName());
    }
    return Optional.of(token.textValue());
  }
}
