package ringattention.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ringattention.config.BoundedFile;
import ringattention.config.InputException;
import ringattention.config.Source;

/**
 * What a tokenizer's folder says: {@code tokenizer.json}, and which token ends a text in {@code
 * tokenizer_config.json} or {@code special_tokens_map.json} beside it.
 *
 * @param json text of tokenizer.json
 * @param ids of all tokens
 * @param end id of the token that ends a text
 */
record TokenizerFiles(String json, Map<String, Integer> ids, int end) {
  private static final String FILE = "tokenizer.json";
  private static final int LARGEST = 256; // MiB
  private static final List<String> CONFIGURATIONS =
      List.of("tokenizer_config.json", "special_tokens_map.json");
  // of Llama 1 and 2, Llama 3, GPT and its like, Gemma
  private static final List<String> USUAL_ENDS =
      List.of("</s>", "<|end_of_text|>", "<|endoftext|>", "<eos>");

  /**
   * @param path of tokenizer.json or its folder
   * @throws InputException naming the file
   */
  static TokenizerFiles read(Path path, Source source) {
    Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
    String json = text(file, source);
    JsonNode tokenizer = tree(file, json, source);
    Map<String, Integer> ids = ids(tokenizer);
    if (ids.isEmpty()) {
      throw source.error("data.tokenizer", file + " has no vocabulary");
    }
    ids.forEach(
        (token, id) -> {
          if (id < 0 || id == Integer.MAX_VALUE) {
            throw source.error(
                "data.tokenizer", file + ": the id of token " + token + " is no number of a token");
          }
        });
    requireKnownTokens(file, tokenizer.path("post_processor"), source);
    return new TokenizerFiles(json, ids, end(file, ids, source));
  }

  private static Map<String, Integer> ids(JsonNode tokenizer) {
    Map<String, Integer> ids = new HashMap<>();
    JsonNode vocabulary = tokenizer.path("model").path("vocab");
    if (vocabulary.isArray()) { // [piece, score] each
      for (JsonNode piece : vocabulary) {
        ids.put(piece.path(0).asText(), ids.size());
      }
    } else {
      vocabulary.fields().forEachRemaining(entry -> ids.put(entry.getKey(), id(entry.getValue())));
    }
    for (JsonNode added : tokenizer.path("added_tokens")) {
      ids.put(added.path("content").asText(), id(added.path("id")));
    }
    return ids;
  }

  /** The library ends the process, without a word of ours, where a template names another token. */
  private static void requireKnownTokens(Path file, JsonNode processor, Source source) {
    processor.path("processors").forEach(one -> requireKnownTokens(file, one, source));
    JsonNode known = processor.path("special_tokens");
    for (String template : List.of("single", "pair")) {
      for (JsonNode piece : processor.path(template)) {
        JsonNode token = piece.path("SpecialToken").path("id");
        if (!token.isMissingNode() && !known.has(token.asText())) {
          throw source.error(
              "data.tokenizer",
              file + ": post_processor: " + token + " is not one of its special_tokens");
        }
      }
    }
  }

  /** Of a token; -1 if it is none. */
  private static int id(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToInt() ? node.intValue() : -1;
  }

  private static int end(Path file, Map<String, Integer> ids, Source source) {
    for (String name : CONFIGURATIONS) {
      Path beside = file.resolveSibling(name);
      if (Files.exists(beside)) {
        JsonNode end = tree(beside, text(beside, source), source).path("eos_token");
        String token = end.isObject() ? end.path("content").asText() : end.asText("");
        if (ids.containsKey(token)) {
          return ids.get(token);
        }
      }
    }
    return USUAL_ENDS.stream()
        .filter(ids::containsKey)
        .findFirst()
        .map(ids::get)
        .orElseThrow(
            () ->
                source.error(
                    "data.tokenizer",
                    file
                        + " has no token that ends a document: name it as eos_token in "
                        + CONFIGURATIONS.get(0)
                        + " beside it"));
  }

  private static String text(Path file, Source source) {
    try {
      return BoundedFile.text(file, LARGEST);
    } catch (NoSuchFileException missing) {
      throw source.error("data.tokenizer", "no such file: " + file);
    } catch (IOException unreadable) {
      throw source.error(
          "data.tokenizer", file + " cannot be read: " + CorpusFiles.reason(unreadable));
    }
  }

  private static JsonNode tree(Path file, String json, Source source) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (JacksonException malformed) {
      throw source.error("data.tokenizer", file + " is not JSON: " + JsonObjects.reason(malformed));
    }
  }
}
