package ringattention.huggingface;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import ringattention.input.BoundedFile;
import ringattention.input.InputException;

/**
 * The safetensors files of a Hugging Face folder, opened, and where each tensor is. As transformers
 * does, {@code model.safetensors} is taken if it is there; else the files that {@code
 * model.safetensors.index.json} names, and no others. Index and files must agree on every tensor.
 */
public final class WeightFiles implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  /** Not a weight: older checkpoints store the rotary frequencies, and indexes leave them out. */
  private static final String FREQUENCIES = "rotary_emb.inv_freq";

  /** In the folder itself, and nothing that a file system could take for another place. */
  private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9_][\\w.-]*\\.safetensors");

  /** Weights in forms that are not read here. */
  private static final Pattern OTHER_FORM =
      Pattern.compile(".*\\.(safetensors|bin|pt|pth|ckpt|gguf|h5|msgpack)");

  private static final int LARGEST_INDEX = 64; // MiB
  private static final int MOST_NAMES = 3; // in an error

  private final Path folder;
  private final StoredFloats floats = new StoredFloats();
  private final Map<String, SafetensorsFile> files = new TreeMap<>(); // by name
  private final Map<String, SafetensorsFile> places = new HashMap<>(); // by tensor

  private WeightFiles(Path folder) {
    this.folder = folder;
  }

  /** Whether a folder holds weights that could be opened. */
  static boolean in(Path folder) {
    return Files.isRegularFile(folder.resolve(SINGLE))
        || Files.isRegularFile(folder.resolve(INDEX));
  }

  /**
   * Opens the files of a folder and checks their headers.
   *
   * @throws InputException naming what is missing, corrupted or contradicts itself
   */
  static WeightFiles open(Path folder) {
    WeightFiles opened = new WeightFiles(folder);
    try {
      if (Files.isRegularFile(folder.resolve(SINGLE))) {
        SafetensorsFile file = opened.file(SINGLE);
        file.tensors().keySet().forEach(tensor -> opened.places.put(tensor, file));
      } else if (Files.isRegularFile(folder.resolve(INDEX))) {
        opened.index();
        opened.requireIndexed();
      } else {
        throw new InputException(
            folder + ": holds neither " + SINGLE + " nor " + INDEX + others(folder));
      }
      return opened;
    } catch (InputException e) {
      opened.close();
      throw e;
    }
  }

  /** Whether it holds an index, too, which is not read. */
  boolean passesOverIndex() {
    return files.containsKey(SINGLE) && Files.exists(folder.resolve(INDEX));
  }

  /** Returns the file that says which tensors there are. */
  Path list() {
    return folder.resolve(files.containsKey(SINGLE) ? SINGLE : INDEX);
  }

  Collection<SafetensorsFile> all() {
    return files.values();
  }

  /** Returns the file that holds a tensor, or null. */
  SafetensorsFile of(String tensor) {
    return places.get(tensor);
  }

  static boolean isWeight(String tensor) {
    return !tensor.endsWith(FREQUENCIES);
  }

  private void index() {
    JsonNode map = weightMap(folder.resolve(INDEX));
    for (Iterator<Map.Entry<String, JsonNode>> i = map.fields(); i.hasNext(); ) {
      Map.Entry<String, JsonNode> entry = i.next();
      String name = entry.getValue().asText();
      if (!FILE_NAME.matcher(name).matches()) {
        throw new InputException(
            folder.resolve(INDEX)
                + ": tensor "
                + entry.getKey()
                + " in no safetensors file: "
                + entry.getValue());
      }
      SafetensorsFile file = file(name);
      if (!file.tensors().containsKey(entry.getKey())) {
        throw new InputException(
            file.path()
                + ": tensor "
                + entry.getKey()
                + " is missing, "
                + INDEX
                + " says it is"
                + " here");
      }
      places.put(entry.getKey(), file);
    }
  }

  /**
   * Refuses a tensor in two files, or in one that the index does not name: readers would take
   * either.
   */
  private void requireIndexed() {
    for (SafetensorsFile file : files.values()) {
      for (String tensor : file.tensors().keySet()) {
        SafetensorsFile said = places.get(tensor);
        if (said != file && isWeight(tensor)) {
          String elsewhere = said == null ? "does not name it" : "says it is in " + name(said);
          throw new InputException(
              file.path() + ": tensor " + tensor + " is here, but " + INDEX + " " + elsewhere);
        }
      }
    }
  }

  private static JsonNode weightMap(Path index) {
    try {
      JsonNode map =
          new ObjectMapper()
              .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
              .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
              .readTree(BoundedFile.bytes(index, LARGEST_INDEX))
              .path("weight_map");
      if (map.isObject()) {
        return map;
      }
      throw new InputException(index + ": has no weight_map");
    } catch (JsonProcessingException syntax) {
      throw new InputException(index + ": not valid JSON");
    } catch (BoundedFile.TooLargeException large) {
      throw new InputException(index + ": " + large.getMessage());
    } catch (IOException e) {
      throw new InputException(index + ": cannot be read: must be a readable file");
    }
  }

  private SafetensorsFile file(String name) {
    return files.computeIfAbsent(name, key -> SafetensorsFile.open(folder.resolve(key), floats));
  }

  private static String name(SafetensorsFile file) {
    return file.path().getFileName().toString();
  }

  /** Returns what else in a folder may be meant, for an error. */
  private static String others(Path folder) {
    try (Stream<Path> all = Files.list(folder)) {
      List<String> names =
          all.map(path -> path.getFileName().toString())
              .filter(name -> OTHER_FORM.matcher(name).matches())
              .sorted()
              .toList();
      String more = names.size() > MOST_NAMES ? ", .." : "";
      String some = String.join(", ", names.subList(0, Math.min(MOST_NAMES, names.size())));
      return names.isEmpty() ? "" : ", but " + some + more + ": not read, save it as these";
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
