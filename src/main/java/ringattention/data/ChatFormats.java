package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import ringattention.input.BoundedFile;
import ringattention.input.Source;
import ringattention.template.TemplateException;

/**
 * Finds the words of conversations: those that an input names, else those of the tokenizer's own
 * chat template, else Vicuna's.
 *
 * @param key that names them, for errors
 */
record ChatFormats(String key, Source source) {
  private static final String VICUNA = "vicuna";
  private static final List<String> OWN = List.of("chatml", "llama3", "mistral");
  private static final String TEMPLATE = "chat_template";
  private static final String CONFIG = "tokenizer_config.json";
  private static final List<String> TOKENS =
      List.of(TemplateFormat.BEGIN, TemplateFormat.END, "pad_token", "unk_token");
  private static final int LARGEST = 1; // MiB

  /**
   * Returns the format.
   *
   * @param name "auto", "vicuna", "chatml", "llama3", "mistral", or a file
   * @param folder tokenizer.json or its folder; empty: bytes
   * @throws ringattention.input.InputException if there is none, or it is no template
   */
  ChatFormat of(String name, Optional<Path> folder, Tokenizer tokenizer) {
    Optional<SpecialTokens> special =
        folder.map(path -> new SpecialTokens(TokenizerFiles.in(path), Set.of(), source));
    if (name.equals(DataConfig.AUTO)) {
      return special
          .flatMap(this::ownTemplate)
          .map(own -> format(own.place(), own.text(), special, tokenizer))
          .orElseGet(() -> new VicunaFormat(tokenizer.endText()));
    }
    if (name.equals(VICUNA)) {
      return new VicunaFormat(tokenizer.endText());
    }
    if (OWN.contains(name)) {
      return format(name, resource(name), special, tokenizer);
    }
    Path given = Path.of(name);
    if (!Files.isRegularFile(given)) {
      throw source.error(
          key,
          "must be a file, or auto, vicuna, " + String.join(", ", OWN) + ": there is no such file");
    }
    return format(name, text(given), special, tokenizer);
  }

  private record Found(String place, String text) {}

  /** Returns the template beside a tokenizer.json, as transformers finds it. */
  private Optional<Found> ownTemplate(SpecialTokens special) {
    Path jinja = special.file().resolveSibling(TEMPLATE + ".jinja");
    if (Files.isRegularFile(jinja)) {
      return Optional.of(new Found(jinja.toString(), text(jinja)));
    }
    Path json = special.file().resolveSibling(TEMPLATE + ".json");
    Optional<Found> own =
        Files.isRegularFile(json)
            ? found(json, TokenizerFiles.tree(json, TokenizerFiles.text(json, source), source))
            : Optional.empty();
    Path config = special.file().resolveSibling(CONFIG);
    return own.or(
        () -> Optional.ofNullable(special.beside().get(config)).flatMap(in -> found(config, in)));
  }

  private Optional<Found> found(Path file, JsonNode in) {
    return text(file, in.path(TEMPLATE)).map(text -> new Found(file + ": " + TEMPLATE, text));
  }

  /** A template is a text, or one of several with names. */
  private Optional<String> text(Path file, JsonNode template) {
    if (template.isTextual()) {
      return Optional.of(template.textValue());
    }
    if (template.isMissingNode() || template.isNull()) {
      return Optional.empty();
    }
    if (!template.isArray()) {
      throw source.error(key, file + ": " + TEMPLATE + " must be a text, or a list of them");
    }
    for (JsonNode one : template) {
      if (one.path("name").asText().equals("default")) {
        if (!one.path("template").isTextual()) {
          throw source.error(key, file + ": the chat template named default must be a text");
        }
        return Optional.of(one.path("template").textValue());
      }
    }
    throw source.error(key, file + ": none of its chat templates is named default");
  }

  private ChatFormat format(
      String place, String template, Optional<SpecialTokens> special, Tokenizer tokenizer) {
    try {
      return new TemplateFormat(template, tokens(special, tokenizer));
    } catch (TemplateException malformed) {
      throw source.error(key, place + ": " + malformed.getMessage());
    }
  }

  /** Texts of special tokens; the end is written so that it is that token wherever it stands. */
  private Map<String, String> tokens(Optional<SpecialTokens> special, Tokenizer tokenizer) {
    Map<String, String> tokens = new LinkedHashMap<>();
    for (String token : TOKENS) {
      special.flatMap(own -> own.named(token)).ifPresent(text -> tokens.put(token, text));
    }
    if (special.isEmpty()) {
      tokens.put(TemplateFormat.BEGIN, ""); // bytes have none
    }
    tokens.put(TemplateFormat.END, tokenizer.endText());
    return tokens;
  }

  private String text(Path file) {
    try {
      return BoundedFile.text(file, LARGEST);
    } catch (IOException unreadable) {
      throw source.error(key, file + " cannot be read: " + CorpusFiles.reason(unreadable));
    }
  }

  private static String resource(String name) {
    try (InputStream stream =
        ChatFormats.class.getResourceAsStream("/templates/" + name + ".jinja")) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException impossible) { // it is in the program's jar
      throw new UncheckedIOException(impossible);
    }
  }
}
