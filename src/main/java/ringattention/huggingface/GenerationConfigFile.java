package ringattention.huggingface;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import ringattention.input.BoundedFile;
import ringattention.input.InputException;

/**
 * The {@code generation_config.json} of a trained model, whose tokens transformers' {@code
 * generate} prefers to those of config.json.
 */
final class GenerationConfigFile {
  static final String NAME = "generation_config.json";

  private static final int LARGEST = 16; // MiB

  private GenerationConfigFile() {}

  /**
   * Returns the file's bytes: those of the model it started from, with other special tokens if its
   * tokenizer is another; special tokens alone if that has no such file.
   *
   * @param origin the folder of the model it started from
   * @param tokens special tokens by name, as its config.json has them
   * @param same whether its tokenizer is that of the origin
   * @throws InputException naming the origin's file if it cannot be read
   */
  static byte[] bytes(Optional<Path> origin, Map<String, Object> tokens, boolean same)
      throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    Optional<Path> file =
        origin.map(folder -> folder.resolve(NAME)).filter(path -> Files.isRegularFile(path));
    ObjectNode root = mapper.createObjectNode();
    if (file.isPresent()) {
      byte[] bytes = read(file.get());
      if (same) {
        return bytes;
      }
      root = object(mapper, bytes, file.get());
      root.remove(SpecialIds.FIELDS);
    }
    for (Map.Entry<String, Object> token : tokens.entrySet()) {
      if (token.getValue() != null) {
        root.set(token.getKey(), mapper.valueToTree(token.getValue()));
      }
    }
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
  }

  private static byte[] read(Path file) {
    try {
      return BoundedFile.bytes(file, LARGEST);
    } catch (BoundedFile.TooLargeException e) {
      throw new InputException(file + ": " + e.getMessage());
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read: must be a readable file");
    }
  }

  private static ObjectNode object(ObjectMapper mapper, byte[] bytes, Path file)
      throws IOException {
    try {
      JsonNode root = mapper.readTree(bytes);
      if (root instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException e) { // said below
    }
    throw new InputException(file + ": must be a JSON object");
  }
}
