package ringattention.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ringattention.data.fasta.BasesTokenizerFile;
import ringattention.data.lines.LineTokenizerFile;
import ringattention.input.BoundedFile;
import ringattention.input.HubName;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * What a tokenizer's folder says: {@code tokenizer.json}, and which token ends a text in the files
 * beside it.
 *
 * @param json text of tokenizer.json
 * @param ids of all tokens
 * @param end the token that ends a text
 * @param endText stands for it within a text, see {@link Tokenizer#endText}
 * @param cuts where texts may be cut
 */
record TokenizerFiles(
    String json, Map<String, Integer> ids, String end, String endText, TextCuts cuts) {
  // of characters that Unicode keeps out of texts
  private static final String END_TEXT = "\ufdd0end-of-document\ufdd1";
  static final String FILE = "tokenizer.json";
  private static final String SENTENCE_PIECE = "tokenizer.model";
  private static final String ADDED = "added_tokens";
  private static final int LARGEST = 256; // MiB

  /**
   * @param path of tokenizer.json or its folder
   * @throws InputException naming the file
   */
  static TokenizerFiles read(Path path, Source source) {
    Path file = in(path);
    requireJson(path, file, source);
    String json = text(file, source);
    JsonNode tokenizer = tree(file, json, source);
    requireList(file, tokenizer, source);
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
    requireOneResult(file, tokenizer.path("model"), source);
    String end = new SpecialTokens(file, ids.keySet(), source).end();
    if (isFound(tokenizer, end)) {
      return new TokenizerFiles(json, ids, end, end, SafeCuts.of(tokenizer));
    }
    addEndText((ObjectNode) tokenizer, ids);
    return new TokenizerFiles(tokenizer.toString(), ids, end, END_TEXT, SafeCuts.of(tokenizer));
  }

  /** Returns what stands for files of the tokenizer of lines, which is the program's own. */
  static TokenizerFiles ofLines() {
    String json = LineTokenizerFile.json();
    return new TokenizerFiles(
        json,
        LineTokenizerFile.tokens(),
        LineTokenizerFile.END,
        LineTokenizerFile.END,
        TextCuts.NOWHERE);
  }

  /** Returns what stands for files of the tokenizer of bases, which is the program's own. */
  static TokenizerFiles ofBases() {
    return new TokenizerFiles(
        BasesTokenizerFile.json(),
        BasesTokenizerFile.tokens(),
        BasesTokenizerFile.END,
        BasesTokenizerFile.END,
        TextCuts.NOWHERE);
  }

  /** Says what to do where there is another kind of tokenizer, or only a name. */
  private static void requireJson(Path path, Path file, Source source) {
    boolean sentencePiece = path.endsWith(SENTENCE_PIECE);
    if (!sentencePiece && Files.exists(file)) {
      return;
    }
    Path folder = path.toAbsolutePath();
    folder = Files.isDirectory(folder) ? folder : folder.getParent();
    if (sentencePiece && Files.exists(path) || Files.exists(folder.resolve(SENTENCE_PIECE))) {
      throw source.error(
          "data.tokenizer",
          folder.resolve(SENTENCE_PIECE)
              + " must be converted to "
              + FILE
              + ": python3 -c \"from transformers import AutoTokenizer;"
              + " AutoTokenizer.from_pretrained('"
              + folder
              + "').save_pretrained('"
              + folder
              + "')\"");
    }
    String advice = HubName.advice(path);
    if (!Files.exists(path) && !advice.isEmpty()) {
      throw source.error("data.tokenizer", "no such file or folder" + advice);
    }
  }

  /** Returns tokenizer.json, which may be meant by its folder. */
  static Path in(Path path) {
    return Files.isDirectory(path) ? path.resolve(FILE) : path;
  }

  /** Returns the highest token. */
  int highest() {
    return Collections.max(ids.values());
  }

  /** Ranks tokenize by themselves, and must not throw dice. */
  private static void requireOneResult(Path file, JsonNode model, Source source) {
    if (model.path("dropout").asDouble() > 0) {
      throw source.error(
          "data.tokenizer",
          file + ": model.dropout = " + model.get("dropout") + ": must be null, or tokens differ");
    }
  }

  /** Another type is nothing that a token could be added to. */
  private static void requireList(Path file, JsonNode tokenizer, Source source) {
    JsonNode added = tokenizer.path(ADDED);
    if (!added.isMissingNode() && !added.isArray()) {
      throw source.error("data.tokenizer", file + ": " + ADDED + " must be a list");
    }
  }

  /** Whether a token is found wherever it is written, before anything else is done to a text. */
  private static boolean isFound(JsonNode tokenizer, String token) {
    JsonNode normalizer = tokenizer.path("normalizer");
    for (JsonNode added : tokenizer.path(ADDED)) {
      if (added.path("content").asText().equals(token)) {
        boolean normalized = added.path("normalized").asBoolean();
        return !added.path("single_word").asBoolean()
            && (!normalized || normalizer.isNull() || normalizer.isMissingNode());
      }
    }
    return false;
  }

  /** Gives the tokenizer a token more, which stands for the end and is in no text. */
  private static void addEndText(ObjectNode tokenizer, Map<String, Integer> ids) {
    ArrayNode all = tokenizer.withArray(ADDED);
    ObjectNode token = all.addObject().put("id", Collections.max(ids.values()) + 1);
    token.put("content", END_TEXT).put("special", true);
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
      token.put(flag, false);
    }
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
    for (JsonNode added : tokenizer.path(ADDED)) {
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

  /** Returns the id of a token; -1 if it is none. */
  private static int id(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToInt() ? node.intValue() : -1;
  }

  static String text(Path file, Source source) {
    try {
      return BoundedFile.text(file, LARGEST);
    } catch (NoSuchFileException missing) {
      throw source.error("data.tokenizer", "no such file: " + file);
    } catch (IOException unreadable) {
      throw source.error(
          "data.tokenizer", file + " cannot be read: " + CorpusFiles.reason(unreadable));
    }
  }

  static JsonNode tree(Path file, String json, Source source) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (JacksonException malformed) {
      throw source.error("data.tokenizer", file + " is not JSON: " + JsonObjects.reason(malformed));
    }
  }
}
