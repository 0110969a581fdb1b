package ringattention.evaluate.suite;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import ringattention.command.Sections;
import ringattention.data.ChatPrompt;
import ringattention.data.Tokenizer;
import ringattention.infer.Request;
import ringattention.input.Configuration;

/** Suites over the tokenizers of the tests. */
final class Given {
  static final String BYTES = "bytes";
  static final String PAIRS = pairs();

  private Given() {}

  /** Returns a tokenizer of pieces and bytes with the decoder of Llama 2, in a file of its own. */
  private static String pairs() {
    try {
      Path original = Path.of("src/test/resources/tokenizers/pairs/tokenizer.json");
      ObjectNode json = (ObjectNode) new ObjectMapper().readTree(Files.readString(original));
      ArrayNode decoders = json.putObject("decoder").put("type", "Sequence").putArray("decoders");
      ObjectNode spaces = decoders.addObject().put("type", "Replace").put("content", " ");
      spaces.putObject("pattern").put("String", "\u2581");
      decoders.addObject().put("type", "ByteFallback");
      decoders.addObject().put("type", "Fuse");
      decoders.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
      Path file = Files.createTempFile("pairs", ".json");
      file.toFile().deleteOnExit();
      return Files.writeString(file, json.toString()).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Configuration configuration(String... keys) {
    List<String> all =
        new ArrayList<>(List.of("model.hidden=8", "model.layers=1", "model.heads=1"));
    for (String key : keys) {
      all.add(key.startsWith("model.") ? key : "suite." + key);
    }
    return Sections.INPUTS.defaults(all);
  }

  static Tokenizer tokenizer(String name) {
    return Tokenizer.of(name, "generate.tokenizer", configuration("name=lines").source(), 1000);
  }

  /** Returns the cases of a suite; the keys are those of its section. */
  static SuiteCases cases(Tokenizer tokenizer, String... keys) {
    return SuiteCases.of(configuration(keys), tokenizer, Optional.empty());
  }

  static SuiteCases chats(Tokenizer tokenizer, String template, Path folder, String... keys) {
    Configuration configuration = configuration(keys);
    ChatPrompt chats =
        ChatPrompt.of(
            template,
            "suite.template",
            configuration.source(),
            Optional.ofNullable(folder),
            tokenizer);
    return SuiteCases.of(configuration, tokenizer, Optional.of(chats));
  }

  /** Returns what the model reads of a case, as text. */
  static String read(Tokenizer tokenizer, Case one) {
    Request request = one.request();
    int[] all = new int[request.tokens()];
    System.arraycopy(request.context(), 0, all, 0, request.context().length);
    System.arraycopy(request.prompt(), 0, all, request.context().length, request.prompt().length);
    return tokenizer.decode(all, true);
  }

  static long times(String part, String text) {
    return Pattern.compile(Pattern.quote(part)).matcher(text).results().count();
  }
}
