package ringattention.data.lines;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The {@code tokenizer.json} of {@link LineVocabulary}: Hugging Face's WordLevel model behind a
 * split into pieces that leaves nothing out, and a decoder that joins them without a space. So the
 * text of tokens is the text they were made of. Text of other words has no tokens.
 */
public final class LineTokenizerFile {
  /** The token that ends an answer. */
  public static final String END = LineVocabulary.texts().get(LineVocabulary.CLOSE);

  /** The library wants one to be named; it is in no vocabulary, so other words are errors. */
  private static final String UNKNOWN = "<unknown>";

  private LineTokenizerFile() {}

  /** Returns the number of every token by its text. */
  public static Map<String, Integer> tokens() {
    Map<String, Integer> tokens = new LinkedHashMap<>();
    for (String text : LineVocabulary.texts()) {
      tokens.put(text, tokens.size());
    }
    return tokens;
  }

  /** Returns the content of the file. */
  public static String json() {
    ObjectNode file = JsonNodeFactory.instance.objectNode().put("version", "1.0");
    file.putNull("truncation").putNull("padding");
    ObjectNode end = file.putArray("added_tokens").addObject();
    end.put("id", LineVocabulary.CLOSE).put("content", END);
    // found wherever it is written, and spelled in decoded text
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
      end.put(flag, false);
    }
    file.putNull("normalizer");
    ObjectNode split = file.putObject("pre_tokenizer").put("type", "Split");
    split.putObject("pattern").put("Regex", pieces());
    split.put("behavior", "Isolated").put("invert", false);
    file.putNull("post_processor").putObject("decoder").put("type", "Fuse");
    ObjectNode model = file.putObject("model").put("type", "WordLevel");
    ObjectNode vocabulary = model.putObject("vocab");
    tokens().forEach(vocabulary::put);
    model.put("unk_token", UNKNOWN);
    return file.toString();
  }

  /**
   * Returns the regular expression of a piece: signs that have letters or spaces, words, or one
   * character.
   */
  private static String pieces() {
    return LineVocabulary.texts().stream()
            .limit(LineVocabulary.DIGITS)
            .filter(sign -> sign.length() > 1)
            .map(sign -> sign.replace("?", "\\?"))
            .collect(Collectors.joining("|"))
        + "|[a-z]+|[\\s\\S]";
  }
}
