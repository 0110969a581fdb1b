package ringattention.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A small tokenizer.json of the shape of a model's, with quotes as apostrophes.
 *
 * @param letters what it has tokens for: pieces with a mark for spaces, or bytes
 * @param cuts whether it may be cut somewhere
 */
record Shape(
    String name, Letters letters, String normalizer, String splitter, String added, boolean cuts) {
  enum Letters {
    PIECES,
    PIECES_OVER_SPACES,
    BYTES
  }

  private static final String NFC = "{'type': 'NFC'}";
  private static final String REPLACE =
      "{'type': 'Replace', 'pattern': {'String': ' '}, 'content': '▁'}";
  private static final String LLAMA_2 =
      "{'type': 'Sequence', 'normalizers': [{'type': 'Prepend', 'prepend': '▁'}, " + REPLACE + "]}";
  private static final String LLAMA_3_WORDS =
      "(?i:`s|`t|`re|`ve|`m|`ll|`d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}"
          + "| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+";
  private static final String ODD_TOKENS =
      token(2, "<l>", "lstrip") + token(3, "<r>", "rstrip") + token(4, "  ", "normalized");

  static List<Shape> all() {
    return List.of(
        pieces("Llama 2", LLAMA_2, "null", "", true),
        pieces("Llama 2 with odd tokens", LLAMA_2, "null", ODD_TOKENS, true),
        new Shape("merged over spaces", Letters.PIECES_OVER_SPACES, LLAMA_2, "null", "", true),
        pieces("Gemma", REPLACE, "null", token(2, "b c", "special"), true),
        pieces(
            "NFC",
            "{'type': 'Sequence', 'normalizers': [" + NFC + ", " + REPLACE + "]}",
            "null",
            "",
            true),
        pieces("Metaspace first", "null", metaspace("first", false), "", true),
        pieces("Metaspace always", "null", metaspace("always", false), ODD_TOKENS, true),
        pieces("Metaspace never", NFC, metaspace("never", false), "", true),
        pieces("Metaspace first, split", "null", metaspace("first", true), ODD_TOKENS, true),
        pieces("Metaspace always, split", "null", metaspace("always", true), "", true),
        bytes("GPT-2", "null", byteLevel(false, true), "", true),
        bytes("a space before words", "null", byteLevel(true, true), ODD_TOKENS, true),
        bytes("Llama 3", "null", words(LLAMA_3_WORDS), ODD_TOKENS, true),
        bytes("Qwen", NFC, words(LLAMA_3_WORDS.replace("{1,3}", "")), "", true),
        bytes(
            "digits",
            "{'type': 'NFKC'}",
            sequence("{'type': 'Digits', 'individual_digits': true}", byteLevel(false, true)),
            token(2, "ab", "special"),
            true),
        bytes("other words", "null", words("[a-c]+\\\\s?|[^a-c]"), "", false),
        bytes("no words", "null", byteLevel(false, false), "", false),
        pieces(
            "stripped",
            "{'type': 'Strip', 'strip_left': true, 'strip_right': true}",
            "null",
            "",
            false),
        pieces(
            "two letters replaced",
            "{'type': 'Replace', 'pattern': {'String': 'a '}, 'content': 'b'}",
            "null",
            "",
            false),
        pieces(
            "an expression replaced",
            "{'type': 'Replace', 'pattern': {'Regex': ' +'}, 'content': '▁'}",
            "null",
            "",
            false),
        pieces("whole words", LLAMA_2, "null", token(2, "b", "single_word"), false));
  }

  private static Shape pieces(
      String name, String normalizer, String splitter, String added, boolean cuts) {
    return new Shape(name, Letters.PIECES, normalizer, splitter, added, cuts);
  }

  private static Shape bytes(
      String name, String normalizer, String splitter, String added, boolean cuts) {
    return new Shape(name, Letters.BYTES, normalizer, splitter, added, cuts);
  }

  /** Returns an added token whose other flags are false. */
  private static String token(int id, String content, String flag) {
    String flags = "";
    for (String one : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
      flags += ", '" + one + "': " + one.equals(flag);
    }
    return ", {'id': " + id + ", 'content': '" + content + "'" + flags + "}";
  }

  private static String metaspace(String scheme, boolean split) {
    return "{'type': 'Metaspace', 'replacement': '▁', 'prepend_scheme': '"
        + scheme
        + "', 'split': "
        + split
        + "}";
  }

  private static String byteLevel(boolean space, boolean words) {
    return "{'type': 'ByteLevel', 'add_prefix_space': "
        + space
        + ", 'trim_offsets': true, 'use_regex': "
        + words
        + "}";
  }

  private static String words(String expression) {
    String pattern = "{'Regex': '" + expression + "'}";
    return sequence(
        "{'type': 'Split', 'behavior': 'Isolated', 'invert': false, 'pattern': " + pattern + "}",
        byteLevel(false, false));
  }

  private static String sequence(String first, String second) {
    return "{'type': 'Sequence', 'pretokenizers': [" + first + ", " + second + "]}";
  }

  /** Writes the tokenizer.json, whose texts begin with {@code <s>} and end with {@code </s>}. */
  Path write(Path folder) throws IOException {
    return write(folder, token(1, "</s>", "special"));
  }

  /**
   * @param end the added token of id 1
   */
  private Path write(Path folder, String end) throws IOException {
    String json =
        """
        {'version': '1.0', 'truncation': null, 'padding': null, 'decoder': null,
         'added_tokens': [FIRST], 'normalizer': NORMALIZER, 'pre_tokenizer': SPLITTER,
         'post_processor': {'type': 'TemplateProcessing',
           'single': [{'SpecialToken': {'id': '<s>', 'type_id': 0}}, {'Sequence': {'id': 'A', 'type_id': 0}}],
           'pair': [{'Sequence': {'id': 'A', 'type_id': 0}}, {'Sequence': {'id': 'B', 'type_id': 0}}],
           'special_tokens': {'<s>': {'id': '<s>', 'ids': [0], 'tokens': ['<s>']}}},
         'model': {'type': 'BPE', 'fuse_unk': true, 'byte_fallback': BYTES}}"""
            .replace("FIRST", token(0, "<s>", "special").substring(1) + end + added)
            .replace("NORMALIZER", normalizer)
            .replace("SPLITTER", splitter)
            .replace("BYTES", Boolean.toString(letters != Letters.BYTES))
            .replace('\'', '"')
            .replace('`', '\'');
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode all = (ObjectNode) mapper.readTree(json);
    addVocabulary((ObjectNode) all.get("model"), all);
    return Files.writeString(folder.resolve("tokenizer.json"), mapper.writeValueAsString(all));
  }

  /** Returns this shape with another end, which is normalized or found between words only. */
  Path writeWithEnd(Path folder, String flag) throws IOException {
    return write(folder, token(1, "</s>", flag));
  }

  private void addVocabulary(ObjectNode model, ObjectNode all) {
    ObjectNode vocabulary = model.putObject("vocab");
    all.get("added_tokens")
        .forEach(token -> vocabulary.put(token.get("content").asText(), vocabulary.size()));
    String space = letters == Letters.BYTES ? "\u0120" : "▁";
    if (letters == Letters.BYTES) {
      byteLetters(vocabulary);
    } else {
      for (int b = 0; b < 256; b++) {
        vocabulary.put(String.format("<0x%02X>", b), vocabulary.size());
      }
      for (char c : (space + "abcdefABC019.,:!'<>/sUSERTN").toCharArray()) {
        vocabulary.putIfAbsent(Character.toString(c), vocabulary.numberNode(vocabulary.size()));
      }
    }
    ArrayNode merges = model.putArray("merges");
    for (String pair :
        List.of(
            "a b", "_ a", "_ b", "_a b", "_ab c", "c a", "_ _", "__ __", "e d", ": _", ". _a")) {
      String merge = pair.replace("_", space);
      String token = merge.replace(" ", "");
      boolean crosses = token.indexOf(space) > 0 && !token.startsWith(space);
      if (!crosses || letters == Letters.PIECES_OVER_SPACES) {
        merges.add(merge);
        vocabulary.put(token, vocabulary.size());
      }
    }
  }

  /** Bytes in the letters that GPT-2 gave them. */
  private static void byteLetters(ObjectNode vocabulary) {
    int others = 0;
    for (int b = 0; b < 256; b++) {
      boolean printable = b > 32 && b < 127 || b > 160 && b != 173;
      char letter = (char) (printable ? b : 256 + others++);
      vocabulary.putIfAbsent(Character.toString(letter), vocabulary.numberNode(vocabulary.size()));
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
