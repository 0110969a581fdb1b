package ringattention.data.fasta;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The {@code tokenizer.json} of {@link Bases}: Hugging Face's WordLevel model of single letters.
 * Lower case, U, and white space, which lines of FASTA end with, are normalized away. Text of other
 * letters has no tokens.
 */
public final class BasesTokenizerFile {
  /** The token that ends a record. */
  public static final String END = "<end>";

  /** The library wants one to be named; it is in no vocabulary, so other letters are errors. */
  private static final String UNKNOWN = "<unknown>";

  private BasesTokenizerFile() {}

  /** Returns the number of every token by its text. */
  public static Map<String, Integer> tokens() {
    Map<String, Integer> tokens = new LinkedHashMap<>();
    for (char letter : Bases.LETTERS.toCharArray()) {
      tokens.put(String.valueOf(letter), tokens.size());
    }
    tokens.put(END, Bases.END);
    return tokens;
  }

  /** Returns the content of the file. */
  public static String json() {
    ObjectNode file = JsonNodeFactory.instance.objectNode().put("version", "1.0");
    file.putNull("truncation").putNull("padding");
    ObjectNode end = file.putArray("added_tokens").addObject();
    end.put("id", Bases.END).put("content", END).put("special", true);
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
      end.put(flag, false);
    }
    ArrayNode normalizers =
        file.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    replace(normalizers, "Regex", "\\s+", "");
    for (char letter : Bases.LETTERS.toCharArray()) {
      replace(normalizers, "String", String.valueOf(Character.toLowerCase(letter)), "" + letter);
    }
    replace(normalizers, "Regex", "[Uu]", "T");
    ObjectNode split = file.putObject("pre_tokenizer").put("type", "Split");
    split.putObject("pattern").put("Regex", "[\\s\\S]");
    split.put("behavior", "Isolated").put("invert", false);
    file.putNull("post_processor").putObject("decoder").put("type", "Fuse");
    ObjectNode model = file.putObject("model").put("type", "WordLevel");
    ObjectNode vocabulary = model.putObject("vocab");
    tokens().forEach(vocabulary::put);
    model.put("unk_token", UNKNOWN);
    return file.toString();
  }

  private static void replace(ArrayNode normalizers, String kind, String what, String by) {
    ObjectNode one = normalizers.addObject().put("type", "Replace");
    one.putObject("pattern").put(kind, what);
    one.put("content", by);
  }
}
