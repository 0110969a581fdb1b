package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import ringattention.input.Source;

/**
 * JSON lines, or rows of Parquet: one field of every object is a document. Empty ones are left out.
 *
 * @param field of the object, see {@code data.field}
 */
record TextRecords(Encoder encoder, Source source, String field) implements DocumentReader {
  @Override
  public void read(Path file, CorpusOutput to) throws IOException {
    Records.forEach(
        file, Optional.of(field), source, to, (object, place) -> document(object, place, to));
  }

  private void document(JsonNode object, String place, CorpusOutput to) throws IOException {
    JsonNode text = object.path(field);
    if (!text.isTextual()) {
      String found = text.isMissingNode() ? "there is none" : "it is " + text.getNodeType();
      String reason = "must name a text, " + found;
      to.bad(place, "data.field " + reason, source.error("data.field", place + ": " + reason));
      return;
    }
    if (text.textValue().isEmpty()) {
      to.work().then(to.records()::empty);
      return;
    }
    Document document = new Document(place, to);
    to.work().then(document::begin);
    try {
      TextPieces pieces = encoder.pieces(to.work(), document);
      pieces.add(text.textValue());
      pieces.finish();
    } catch (TextPieces.NowhereException uncut) {
      to.work().then(() -> document.refuse(0, uncut.getMessage()));
    }
    to.work().then(document::end);
  }

  /** The document whose turn it is; all of it is taken back if a piece cannot be encoded. */
  private final class Document implements Encoder.Target {
    private final String place;
    private final CorpusOutput to;
    private boolean refused;

    Document(String place, CorpusOutput to) {
      this.place = place;
      this.to = to;
    }

    void begin() throws IOException {
      to.tokens().begin(encoder.tokenizer());
    }

    @Override
    public void accept(int[] tokens) throws IOException {
      if (!refused) {
        to.tokens().add(tokens);
      }
    }

    @Override
    public void refuse(long line, String reason) throws IOException {
      if (!refused) {
        refused = true;
        to.tokens().drop();
        to.records()
            .bad(
                place,
                "cannot encode: " + reason,
                source.error("data.tokenizer", "cannot encode " + place + ": " + reason));
      }
    }

    void end() throws IOException {
      if (!refused) {
        to.tokens().end(encoder.tokenizer());
        to.records().used();
      }
    }
  }
}
