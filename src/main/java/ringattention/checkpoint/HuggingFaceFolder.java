package ringattention.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import ringattention.config.BoundedFile;
import ringattention.config.InputException;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ValueSource;

/**
 * The weights of a Llama in a Hugging Face folder: one {@code model.safetensors}, or several files
 * and {@code model.safetensors.index.json} that says which tensor is where. Opening it checks every
 * tensor that the model needs; weights are read later, and only the parts asked for. All errors of
 * opening are {@link InputException}s of one line that names file and tensor.
 */
public final class HuggingFaceFolder implements ValueSource, AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";
  static final String HEAD = "lm_head.weight";

  /** Not a weight: older checkpoints store the rotary frequencies. */
  private static final String FREQUENCIES = "rotary_emb.inv_freq";

  /** In the folder itself, and nothing that a file system could take for another place. */
  private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9_][\\w.-]*\\.safetensors");

  private static final int LARGEST_INDEX = 64; // MiB

  private final Path folder;
  private final StoredFloats floats = new StoredFloats();
  private final Map<String, SafetensorsFile> files = new TreeMap<>(); // by name
  private final Map<String, SafetensorsFile> places = new HashMap<>(); // by tensor
  private long bytesRead;
  private String digest; // null until it is asked for

  private HuggingFaceFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * @param groups all weights of the model
   * @param tied whether the loss head is the embedding; then a head of its own is ignored
   */
  public static HuggingFaceFolder open(Path folder, List<ParameterGroup> groups, boolean tied) {
    HuggingFaceFolder opened = new HuggingFaceFolder(folder);
    try {
      opened.find(folder);
      Set<String> needed = new HashSet<>();
      for (ParameterGroup group : groups) {
        for (Parameter parameter : group.parameters()) {
          opened.require(folder, parameter);
          needed.add(parameter.name());
        }
      }
      opened.requireNothingElse(needed, tied);
      return opened;
    } catch (InputException e) {
      opened.close();
      throw e;
    }
  }

  /** Bytes of weights read so far. */
  public long bytesRead() {
    return bytesRead;
  }

  /**
   * Returns a name for config.json and the weights by their contents; see {@link WeightsDigest} for
   * what is read of them.
   *
   * @throws InputException naming the file if one can no longer be read
   */
  public String digest() {
    if (digest == null) {
      digest = ofContents();
    }
    return digest;
  }

  private String ofContents() {
    WeightsDigest contents = new WeightsDigest();
    try {
      contents.add(Files.readAllBytes(folder.resolve(LlamaConfigFile.NAME)));
    } catch (IOException e) {
      throw new InputException(folder.resolve(LlamaConfigFile.NAME) + ": cannot be read");
    }
    files.values().forEach(file -> file.addTo(contents));
    return contents.hex();
  }

  @Override
  public void read(Parameter parameter, long index, FloatBuffer into) {
    bytesRead += places.get(parameter.name()).read(parameter.name(), index, into);
  }

  private void find(Path folder) {
    if (Files.exists(folder.resolve(INDEX))) {
      index(folder);
    } else if (Files.exists(folder.resolve(SINGLE))) {
      SafetensorsFile file = file(folder, SINGLE);
      file.tensors().keySet().forEach(tensor -> places.put(tensor, file));
    } else {
      throw new InputException(folder + ": holds neither " + SINGLE + " nor " + INDEX);
    }
  }

  private void index(Path folder) {
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
      SafetensorsFile file = file(folder, name);
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

  private static JsonNode weightMap(Path index) {
    try {
      JsonNode map =
          new ObjectMapper()
              .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
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

  private SafetensorsFile file(Path folder, String name) {
    return files.computeIfAbsent(name, key -> SafetensorsFile.open(folder.resolve(key), floats));
  }

  private void require(Path folder, Parameter parameter) {
    String name = parameter.name();
    SafetensorsFile file = places.get(name);
    if (file == null) {
      Path where = folder.resolve(files.containsKey(SINGLE) ? SINGLE : INDEX);
      throw new InputException(where + ": tensor " + name + " is missing");
    }
    SafetensorsHeader.Stored stored = file.tensors().get(name);
    List<Long> shape = Arrays.stream(parameter.shape()).boxed().toList();
    if (!stored.shape().equals(shape)) {
      throw refused(file, name, "has shape " + stored.shape() + ", must have " + shape);
    }
    if (!stored.type().isWeight()) {
      throw refused(file, name, "has type " + stored.type() + ", must be F32 or BF16 or F16");
    }
  }

  /** A tensor that the model does not know would silently change what is computed. */
  private void requireNothingElse(Set<String> needed, boolean tied) {
    for (SafetensorsFile file : files.values()) {
      for (String name : file.tensors().keySet()) {
        boolean known = needed.contains(name) || tied && name.equals(HEAD);
        if (!known && !name.endsWith(FREQUENCIES)) {
          throw refused(file, name, "is no weight of this model");
        }
      }
    }
  }

  private static InputException refused(SafetensorsFile file, String tensor, String problem) {
    return new InputException(file.path() + ": tensor " + tensor + " " + problem);
  }

  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
