package ringattention.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The numbers of a tokenizer's special tokens, as config.json and generation_config.json have them.
 *
 * @param begin of a text
 * @param end of a text
 * @param pad behind a text
 */
public record SpecialIds(OptionalInt begin, OptionalInt end, OptionalInt pad) {
  /** Of a model without a tokenizer. */
  public static final SpecialIds NONE =
      new SpecialIds(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());

  /** The names in the files, in the order of the record. */
  static final List<String> FIELDS = List.of("bos_token_id", "eos_token_id", "pad_token_id");

  /** Returns the values by name; null where there is no such token. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    List<OptionalInt> ids = List.of(begin, end, pad);
    for (int i = 0; i < ids.size(); i++) {
      fields.put(FIELDS.get(i), ids.get(i).isPresent() ? ids.get(i).getAsInt() : null);
    }
    return fields;
  }

  /**
   * Returns the tokens that end an answer of a folder's model, as transformers' {@code generate}
   * has them: those of generation_config.json, else those of config.json; none if neither can be
   * read or says any.
   */
  public static Set<Integer> ends(Path folder) {
    Set<Integer> ends = new LinkedHashSet<>();
    for (String name : List.of(GenerationConfigFile.NAME, LlamaConfigFile.NAME)) {
      try {
        JsonNode given = new ObjectMapper().readTree(folder.resolve(name).toFile());
        JsonNode ids = given.path(FIELDS.get(1));
        (ids.isArray() ? ids : List.of(ids))
            .forEach(
                id -> {
                  if (id.isInt() && id.intValue() >= 0) {
                    ends.add(id.intValue());
                  }
                });
      } catch (IOException unreadable) {
        continue; // it may not be there, and the tokenizer has an end of its own
      }
      if (!ends.isEmpty()) {
        return ends;
      }
    }
    return ends;
  }

  /**
   * Whether the config.json of a folder means these: the same beginning, and an end that is its
   * own, or one of several.
   */
  public boolean areThoseOf(Path folder) {
    JsonNode config;
    try {
      config = new ObjectMapper().readTree(folder.resolve(LlamaConfigFile.NAME).toFile());
    } catch (IOException unreadable) {
      return false;
    }
    return names(config, 0, begin) && names(config, 1, end);
  }

  /** Whether a field, or its default, names a token; a token that is not there is in no way. */
  private static boolean names(JsonNode config, int field, OptionalInt id) {
    if (id.isEmpty()) {
      return true;
    }
    SpecialIds defaults = Family.of(config).orElse(Family.LLAMA).tokens();
    Object otherwise = defaults.fields().get(FIELDS.get(field));
    JsonNode given =
        config.has(FIELDS.get(field))
            ? config.get(FIELDS.get(field))
            : new ObjectMapper().valueToTree(otherwise);
    if (!given.isArray()) {
      return given.isInt() && given.intValue() == id.getAsInt();
    }
    for (JsonNode one : given) {
      if (one.isInt() && one.intValue() == id.getAsInt()) {
        return true;
      }
    }
    return false;
  }
}
