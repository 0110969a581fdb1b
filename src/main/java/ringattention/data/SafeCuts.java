package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Finds in a tokenizer.json where texts may be cut. A cut lies between a printable ASCII character
 * and a space or a newline, where every part of the tokenizer is known to take what is on both
 * sides apart: its normalizer, its added tokens, and either its pre-tokenizer or its merges. What
 * is not known allows no cut.
 */
final class SafeCuts {
  private static final String RIGHTS = " \n";

  /** Regular expressions whose every match ends where a letter is followed by white space. */
  private static final Set<String> WORDS =
      Set.of(
          // GPT-2, the one of ByteLevel itself
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          // Llama 3 and GPT-4
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
              + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          // Qwen 2 and 3
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
              + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          // GPT-4o and Llama 4
          "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"
              + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
              + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
              + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
              + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

  /** Keep characters of ASCII, and all that is before one apart from all that is behind. */
  private static final Set<String> UNICODE_FORMS = Set.of("NFC", "NFD", "NFKC", "NFKD");

  private final JsonNode tokenizer;
  private final Map<Character, Character> images = new HashMap<>(); // by the normalizer
  private String prefix = ""; // that the normalizer puts before a text

  private SafeCuts(JsonNode tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Returns the cuts that change no token.
   *
   * @param tokenizer content of tokenizer.json
   */
  static TextCuts of(JsonNode tokenizer) {
    return new SafeCuts(tokenizer).find();
  }

  private TextCuts find() {
    JsonNode splitter = tokenizer.path("pre_tokenizer");
    if (!normalizes(tokenizer.path("normalizer"))) {
      return TextCuts.NOWHERE;
    }
    Map<Character, BitSet> lefts = new TreeMap<>();
    for (char right : RIGHTS.toCharArray()) {
      BitSet before = wordEnds(splitter) ? letters(right) : notMerged(splitter, right);
      removeAddedTokens(before, right);
      if (!before.isEmpty()) {
        lefts.put(right, before);
      }
    }
    return withContext(lefts);
  }

  /** A letter that may stand before every cut is the context of all of them. */
  private static TextCuts withContext(Map<Character, BitSet> lefts) {
    BitSet common = range('a', 'z');
    lefts.values().forEach(common::and);
    if (common.isEmpty() && lefts.size() > 1) {
      return withContext(Map.of(' ', lefts.get(' ')));
    }
    return lefts.isEmpty() || common.isEmpty()
        ? TextCuts.NOWHERE
        : new TextCuts.Between(lefts, Character.toString(common.nextSetBit(0)));
  }

  /** Whether all that the normalizer does is known; notes it. */
  private boolean normalizes(JsonNode normalizer) {
    if (absent(normalizer)) {
      return true;
    }
    String type = normalizer.path("type").asText();
    switch (type) {
      case "Sequence":
        for (JsonNode one : normalizer.path("normalizers")) {
          if (!normalizes(one)) {
            return false;
          }
        }
        return true;
      case "Prepend":
        prefix = normalizer.path("prepend").asText() + prefix;
        // once characters are mapped, those of the prefix would have to be told from others
        return images.isEmpty() && prefix.chars().allMatch(SafeCuts::plain);
      case "Replace":
        String pattern = normalizer.path("pattern").path("String").asText();
        String content = normalizer.path("content").asText();
        if (pattern.length() != 1 || content.length() != 1 || !plain(content.charAt(0))) {
          return false;
        }
        replace(pattern.charAt(0), content.charAt(0));
        return true;
      default:
        return UNICODE_FORMS.contains(type);
    }
  }

  /** Whether no Unicode form changes it or joins it with another. */
  private static boolean plain(int c) {
    return c < 0x80 || c == '\u2581';
  }

  private void replace(char pattern, char content) {
    images.replaceAll((from, image) -> image == pattern ? content : image);
    images.putIfAbsent(pattern, content);
  }

  private char image(char c) {
    return images.getOrDefault(c, c);
  }

  /** Whether the pre-tokenizer ends a word wherever a letter is followed by white space. */
  private static boolean wordEnds(JsonNode splitter) {
    switch (splitter.path("type").asText()) {
      case "ByteLevel":
        return splitter.path("use_regex").asBoolean(true);
      case "Split":
        return splitter.path("behavior").asText().equals("Isolated")
            && !splitter.path("invert").asBoolean()
            && WORDS.contains(splitter.path("pattern").path("Regex").asText());
      case "Whitespace", "WhitespaceSplit":
        return true;
      case "Sequence":
        for (JsonNode one : splitter.path("pretokenizers")) {
          if (!one.path("type").asText().equals("Digits")) { // cuts at no letter and no space
            return wordEnds(one); // what follows sees the words one by one
          }
        }
        return false;
      default:
        return false;
    }
  }

  private BitSet letters(char right) {
    BitSet letters = image(right) == right ? range('a', 'z') : new BitSet();
    if (!letters.isEmpty()) {
      letters.or(range('A', 'Z'));
    }
    images.keySet().forEach(letters::clear);
    return letters;
  }

  /**
   * The characters that no token holds next to {@code right}: merges give nothing but tokens of the
   * vocabulary, so none ever joins both sides, and each side is merged as if it were alone.
   */
  private BitSet notMerged(JsonNode splitter, char right) {
    JsonNode model = tokenizer.path("model");
    String symbol = symbol(right, splitter);
    if (!mergesOnly(model) || !(absent(splitter) || isMetaspace(splitter)) || symbol.isEmpty()) {
      return new BitSet();
    }
    BitSet lefts = range('!', '~');
    images.keySet().forEach(lefts::clear);
    for (int left = lefts.nextSetBit(0); left >= 0; left = lefts.nextSetBit(left + 1)) {
      if (!model.path("vocab").has(Character.toString(left))) {
        lefts.clear(left); // unknown ones in a row may become one token
      }
    }
    if (isMetaspace(splitter)) {
      lefts.clear(splitter.path("replacement").asText().charAt(0));
    }
    model
        .path("vocab")
        .fieldNames()
        .forEachRemaining(
            token -> {
              for (int at = token.indexOf(symbol, 1); at > 0; at = token.indexOf(symbol, at + 1)) {
                lefts.clear(token.charAt(at - 1));
              }
            });
    return lefts;
  }

  private static boolean mergesOnly(JsonNode model) {
    return model.path("type").asText().equals("BPE")
        && !model.path("ignore_merges").asBoolean()
        && model.path("continuing_subword_prefix").asText("").isEmpty()
        && model.path("end_of_word_suffix").asText("").isEmpty();
  }

  private static boolean isMetaspace(JsonNode splitter) {
    return splitter.path("type").asText().equals("Metaspace")
        && splitter.path("replacement").asText().length() == 1;
  }

  /** Returns what merges begin with for a character: itself or its byte; empty if it is unknown. */
  private String symbol(char right, JsonNode splitter) {
    JsonNode vocabulary = tokenizer.path("model").path("vocab");
    char image = image(right);
    if (image == ' ' && isMetaspace(splitter)) {
      image = splitter.path("replacement").asText().charAt(0);
    }
    String character = Character.toString(image);
    if (vocabulary.has(character)) {
      return character;
    }
    String oneByte = String.format("<0x%02X>", (int) image);
    boolean bytes = tokenizer.path("model").path("byte_fallback").asBoolean();
    return bytes && image < 0x80 && vocabulary.has(oneByte) ? oneByte : "";
  }

  /**
   * Removes characters that end an added token, behind which a text begins anew and white space may
   * be taken along, or that are next to {@code right} within one.
   */
  private void removeAddedTokens(BitSet lefts, char right) {
    for (JsonNode added : tokenizer.path("added_tokens")) {
      String content = added.path("content").asText();
      boolean normalized = added.path("normalized").asBoolean() && !absent(normalizer());
      if (added.path("single_word").asBoolean() // looks at what is around it
          || content.isEmpty()
          || normalized && !content.chars().allMatch(SafeCuts::plain)) {
        lefts.clear();
        return;
      }
      for (String spelling : normalized ? List.of(content, normal(content)) : List.of(content)) {
        lefts.clear(spelling.charAt(spelling.length() - 1));
        for (int i = 1; i < spelling.length(); i++) {
          if (spelling.charAt(i) == right || spelling.charAt(i) == image(right)) {
            lefts.clear(spelling.charAt(i - 1));
          }
        }
      }
    }
  }

  private JsonNode normalizer() {
    return tokenizer.path("normalizer");
  }

  private String normal(String content) {
    StringBuilder normal = new StringBuilder(prefix + content);
    for (int i = 0; i < normal.length(); i++) {
      normal.setCharAt(i, image(normal.charAt(i)));
    }
    return normal.toString();
  }

  private static BitSet range(char first, char last) {
    BitSet range = new BitSet();
    range.set(first, last + 1);
    return range;
  }

  private static boolean absent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }
}
