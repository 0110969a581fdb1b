package ringattention.huggingface;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import ringattention.comm.Communicator;
import ringattention.model.ModelConfig;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ValueSink;

/**
 * Writes a model to a folder that {@code AutoModelForCausalLM} and {@code AutoTokenizer} open; one
 * of trajectories, which transformers does not know, with a {@link TrajectoryConfigFile}. All ranks
 * write their own parts of the same files, so they must see the same file system. The folder has
 * another name until it is whole and on the disk. Small files are held from the beginning: a long
 * run does not depend on what becomes of the folders they are from.
 */
public final class HuggingFaceExport {
  private static final long LARGEST_FILE = 4L << 30;

  private final StoredType type;
  private final long largestFile;
  private final Map<String, byte[]> small = new LinkedHashMap<>(); // all but the weights, by name

  /**
   * What was written, the same on all ranks but for the last two.
   *
   * @param weights bytes of all tensors
   * @param files of weights
   * @param small names of the other files
   * @param beyond weights that are beyond the largest value of their type, and were written as it
   * @param largest magnitude among those
   * @param kept names of files of the user's that stand in place of what was exported; on rank 0
   */
  public record Written(
      long weights,
      int files,
      List<String> small,
      long beyond,
      double largest,
      List<String> kept) {}

  /**
   * Returns whether a model of transformers computes what this one does, or it is of trajectories,
   * which have a file of their own: others have none.
   */
  public static boolean holds(ModelConfig model) {
    return model.checkpoint().isPresent()
        || model.trajectories().isPresent()
        || Family.of(model.details()).isPresent();
  }

  /**
   * @param type of the weights; one that weights are read from
   * @param positions one more than the last position the model was trained on
   * @throws ringattention.input.InputException if config.json or generation_config.json of the
   *     model's checkpoint can no longer be read
   */
  public HuggingFaceExport(
      ModelConfig model, StoredType type, long positions, TokenizerCopy tokenizer) {
    this(model, type, positions, tokenizer, LARGEST_FILE);
  }

  /**
   * @param largestFile bytes of tensors in one file; a larger tensor has a file of its own
   */
  HuggingFaceExport(
      ModelConfig model,
      StoredType type,
      long positions,
      TokenizerCopy tokenizer,
      long largestFile) {
    if (!type.isWeight()) {
      throw new IllegalArgumentException("export of type " + type);
    }
    this.type = type;
    this.largestFile = largestFile;
    try {
      if (model.trajectories().isPresent()) {
        small.put(LlamaConfigFile.NAME, TrajectoryConfigFile.bytes(model, type, positions));
        return;
      }
      LlamaConfigFile config = new LlamaConfigFile(model, type, positions, tokenizer.ids());
      small.put(LlamaConfigFile.NAME, config.bytes());
      small.put(
          GenerationConfigFile.NAME,
          GenerationConfigFile.bytes(
              model.checkpoint(), config.tokens(), tokenizer.ids().isEmpty()));
      small.putAll(tokenizer.files(config.positions()));
    } catch (IOException impossible) { // of memory
      throw new UncheckedIOException(impossible);
    }
  }

  /**
   * Writes the folder; a model that has its name is replaced once the new one is whole. Collective.
   *
   * @param folder the same on every rank; the one above it must exist
   * @param groups all weights of the model
   * @param weights hands out this rank's share of them, part by part, on any device
   * @throws UncheckedIOException naming the file that cannot be written
   */
  public Written write(
      Path folder, Communicator world, List<ParameterGroup> groups, Consumer<ValueSink> weights) {
    ExportFolder export = new ExportFolder(folder);
    List<SafetensorsWriter> files = layout(export.partial(), groups);
    StoredFloats floats = new StoredFloats();
    List<String> kept = List.of();
    try {
      if (world.rank() == 0) {
        export.settle();
        create(export.partial(), files);
      }
      world.barrier();
      fill(files, weights, floats);
      world.barrier();
      if (world.rank() == 0) {
        kept = export.publish();
      }
      world.barrier();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder + ": " + e, e);
    }
    return new Written(
        bytes(groups),
        files.size(),
        List.copyOf(small.keySet()),
        (long) world.allReduce(floats.beyond(), Communicator.Operation.SUM),
        world.allReduce(floats.largest(), Communicator.Operation.MAX),
        kept);
  }

  private long bytes(List<ParameterGroup> groups) {
    return groups.stream().mapToLong(ParameterGroup::elements).sum() * type.bytes();
  }

  private List<SafetensorsWriter> layout(Path folder, List<ParameterGroup> groups) {
    List<List<Parameter>> files = new ArrayList<>();
    long room = 0;
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        long bytes = parameter.elements() * type.bytes();
        if (files.isEmpty() || bytes > room) {
          files.add(new ArrayList<>());
          room = largestFile;
        }
        files.get(files.size() - 1).add(parameter);
        room -= bytes;
      }
    }
    List<SafetensorsWriter> writers = new ArrayList<>();
    for (List<Parameter> tensors : files) {
      String name =
          files.size() == 1
              ? WeightFiles.SINGLE
              : String.format(
                  Locale.ROOT, "model-%05d-of-%05d.safetensors", writers.size() + 1, files.size());
      writers.add(new SafetensorsWriter(folder.resolve(name), type, tensors));
    }
    return writers;
  }

  /** Everything but the weights; first of all, whose the folder is. */
  private void create(Path folder, List<SafetensorsWriter> files) throws IOException {
    Files.createDirectories(folder);
    Map<String, byte[]> recorded = new LinkedHashMap<>(small);
    recorded.remove(LlamaConfigFile.NAME);
    writeForced(folder.resolve(ExportRecord.NAME), ExportRecord.of(recorded).bytes());
    for (SafetensorsWriter file : files) {
      file.create();
    }
    if (files.size() > 1) {
      writeForced(folder.resolve(WeightFiles.INDEX), index(files));
    }
    for (Map.Entry<String, byte[]> file : small.entrySet()) {
      writeForced(folder.resolve(file.getKey()), file.getValue());
    }
  }

  private byte[] index(List<SafetensorsWriter> files) throws IOException {
    Map<String, String> places = new LinkedHashMap<>();
    long bytes = 0;
    for (SafetensorsWriter file : files) {
      for (Parameter tensor : file.tensors()) {
        places.put(tensor.name(), file.path().getFileName().toString());
        bytes += tensor.elements() * type.bytes();
      }
    }
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("metadata", Map.of("total_size", bytes));
    root.put("weight_map", places);
    return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
  }

  /** This rank's part of every file. */
  private static void fill(
      List<SafetensorsWriter> files, Consumer<ValueSink> weights, StoredFloats floats)
      throws IOException {
    Map<String, SafetensorsWriter> places = new HashMap<>();
    try {
      for (SafetensorsWriter file : files) {
        file.open();
        file.tensors().forEach(tensor -> places.put(tensor.name(), file));
      }
      weights.accept(
          (parameter, index, values) ->
              places.get(parameter.name()).write(parameter, index, values, floats));
      for (SafetensorsWriter file : files) {
        file.force();
      }
    } finally {
      for (SafetensorsWriter file : files) {
        file.close();
      }
    }
  }

  private static void writeForced(Path file, byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
  }
}
