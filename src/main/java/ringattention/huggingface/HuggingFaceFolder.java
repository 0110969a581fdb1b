package ringattention.huggingface;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import ringattention.input.InputException;
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
  static final String EMBEDDING = "model.embed_tokens.weight";
  static final String HEAD = "lm_head.weight";

  private final Path folder;
  private final WeightFiles files;
  private final boolean tied;
  private long bytesRead;
  private String digest; // null until it is asked for

  private HuggingFaceFolder(Path folder, WeightFiles files, boolean tied) {
    this.folder = folder;
    this.files = files;
    this.tied = tied;
  }

  /**
   * Opens a folder and checks it against a model.
   *
   * @param groups all weights of the model
   * @param tied whether the loss head is the embedding: one of the two is enough, and if both are
   *     there they are equal ({@link #hasOwnHead})
   */
  public static HuggingFaceFolder open(Path folder, List<ParameterGroup> groups, boolean tied) {
    HuggingFaceFolder opened = new HuggingFaceFolder(folder, WeightFiles.open(folder), tied);
    try {
      Set<String> needed = new HashSet<>();
      for (ParameterGroup group : groups) {
        for (Parameter parameter : group.parameters()) {
          opened.require(parameter);
          needed.add(parameter.name());
        }
      }
      opened.requireNothingElse(needed);
      return opened;
    } catch (InputException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * Whether a folder holds a loss head that is not the embedding. Transformers 5 does not tie such
   * a head, whatever the config.json says. Reads both as far as they are equal.
   *
   * @throws InputException if its files cannot be opened
   */
  public static boolean hasOwnHead(Path folder) {
    if (!WeightFiles.in(folder)) {
      return false; // said when weights are needed
    }
    try (WeightFiles files = WeightFiles.open(folder)) {
      SafetensorsFile embedding = files.of(EMBEDDING);
      SafetensorsFile head = files.of(HEAD);
      return embedding != null && head != null && !embedding.holdsSame(EMBEDDING, head, HEAD);
    }
  }

  /** Returns what the user should know of how the folder was read. */
  public Optional<String> remark() {
    return files.passesOverIndex()
        ? Optional.of(
            "WARNING: "
                + files.list()
                + " is taken, as transformers does; "
                + WeightFiles.INDEX
                + " beside it is not read")
        : Optional.empty();
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
    files.all().forEach(file -> file.addTo(contents));
    return contents.hex();
  }

  @Override
  public void read(Parameter parameter, long index, FloatBuffer into) {
    String name = stored(parameter.name());
    bytesRead += files.of(name).read(name, index, into);
  }

  /** Returns the name a tensor is stored under: files may hold a tied one as the head only. */
  private String stored(String tensor) {
    return tied && tensor.equals(EMBEDDING) && files.of(EMBEDDING) == null ? HEAD : tensor;
  }

  private void require(Parameter parameter) {
    String name = stored(parameter.name());
    SafetensorsFile file = files.of(name);
    if (file == null) {
      throw new InputException(files.list() + ": tensor " + parameter.name() + " is missing");
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
  private void requireNothingElse(Set<String> needed) {
    for (SafetensorsFile file : files.all()) {
      for (String name : file.tensors().keySet()) {
        boolean known = needed.contains(name) || tied && name.equals(HEAD);
        if (!known && WeightFiles.isWeight(name)) {
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
    files.close();
  }
}
