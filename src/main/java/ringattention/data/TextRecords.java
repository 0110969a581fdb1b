package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import ringattention.input.Source;

/**
 * JSON lines: one field of every object is a document. Empty ones are left out.
 *
 * @param field of the object, see {@code data.field}
 */
record TextRecords(Encoder encoder, Source source, String field) implements DocumentReader {
  @Override
  public void read(Path file, TokenFileWriter to) throws IOException {
    new JsonObjects(source).forEach(file, (object, place) -> document(object, place, to));
  }

  private void document(JsonNode object, String place, TokenFileWriter to) throws IOException {
    JsonNode text = object.path(field);
    if (!text.isTextual()) {
      String found = text.isMissingNode() ? "there is none" : "it is " + text.getNodeType();
      throw source.error("data.field", place + ": must name a text, " + found);
    }
    if (text.textValue().isEmpty()) {
      return;
    }
    to.begin(encoder.tokenizer());
    try {
      encoder.encode(text.textValue(), to);
    } catch (IllegalArgumentException unknown) {
      throw source.error("data.tokenizer", "cannot encode " + place + ": " + unknown.getMessage());
    }
    to.end(encoder.tokenizer());
  }
}
