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
  public void read(Path file, TokenFileWriter to, RecordCounter records) throws IOException {
    new JsonObjects(source, records)
        .forEach(file, (object, place) -> document(object, place, to, records));
  }

  private void document(JsonNode object, String place, TokenFileWriter to, RecordCounter records)
      throws IOException {
    JsonNode text = object.path(field);
    if (!text.isTextual()) {
      String found = text.isMissingNode() ? "there is none" : "it is " + text.getNodeType();
      String reason = "must name a text, " + found;
      records.bad(place, "data.field " + reason, source.error("data.field", place + ": " + reason));
      return;
    }
    if (text.textValue().isEmpty()) {
      records.empty();
      return;
    }
    to.begin(encoder.tokenizer());
    try {
      encoder.encode(text.textValue(), to);
    } catch (IllegalArgumentException unknown) {
      to.drop();
      String reason = "cannot encode " + place + ": " + unknown.getMessage();
      records.bad(
          place, "cannot encode: " + unknown.getMessage(), source.error("data.tokenizer", reason));
      return;
    }
    to.end(encoder.tokenizer());
    records.used();
  }
}
