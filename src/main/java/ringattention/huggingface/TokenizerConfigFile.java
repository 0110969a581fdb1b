package ringattention.huggingface;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The {@code tokenizer_config.json} of an exported model. */
public final class TokenizerConfigFile {
  public static final String NAME = "tokenizer_config.json";

  /** The longest text, in tokens; many files have 10^30, which stands for any. */
  private static final String LONGEST = "model_max_length";

  private TokenizerConfigFile() {}

  /**
   * Returns the file for a tokenizer.json that has none beside it. Without it, transformers would
   * take the tokenizer for one of Llama 2, and add that one's tokens to it.
   *
   * @param begin spelling of the token that begins a text
   * @param end of the one that ends a text
   * @param pad of the one that fills up a text
   */
  public static byte[] of(Optional<String> begin, String end, Optional<String> pad) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("tokenizer_class", "PreTrainedTokenizerFast"); // tokenizer.json as it is
    begin.ifPresent(token -> fields.put("bos_token", token));
    fields.put("eos_token", end);
    pad.ifPresent(token -> fields.put("pad_token", token));
    fields.put("clean_up_tokenization_spaces", false);
    fields.put(LONGEST, 1); // raised to what the model has
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a JSON value: " + fields, e);
    }
  }

  /**
   * Returns the file with {@code model_max_length} raised to the positions that the model has,
   * where it is a number below; every other byte is as it was.
   */
  static byte[] raised(byte[] file, long positions) {
    int from = -1;
    String number = "";
    try (JsonParser parser = new JsonFactory().createParser(file)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return file;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean longest = parser.currentName().equals(LONGEST);
        JsonToken value = parser.nextToken();
        if (longest && value.isNumeric()) { // the last one counts, as in Python
          number = parser.getText();
          from = (int) parser.currentTokenLocation().getByteOffset();
        }
        parser.skipChildren();
      }
    } catch (JacksonException malformed) {
      return file; // as it was: whoever reads it says so
    } catch (IOException impossible) { // of memory
      throw new UncheckedIOException(impossible);
    }
    if (from < 0 || new BigDecimal(number).compareTo(BigDecimal.valueOf(positions)) >= 0) {
      return file;
    }
    byte[] raised = Long.toString(positions).getBytes(US_ASCII);
    int behind = from + number.length();
    return ByteBuffer.allocate(file.length - number.length() + raised.length)
        .put(file, 0, from)
        .put(raised)
        .put(file, behind, file.length - behind)
        .array();
  }
}
