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
import ringattention.comm.Communicator;
import ringattention.model.ModelConfig;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;

/**
 * Writes a model to a folder that {@code LlamaForCausalLM.from_pretrained} opens. All ranks write
 * their own parts of the same files, so they must see the same file system. The folder has another
 * name until it is whole and on the disk.
 */
public final class HuggingFaceExport {
  private static final long LARGEST_FILE = 4L << 30;

  private final StoredType type;
  private final long largestFile;
  private final LlamaConfigFile config;

  /**
   * @param type of the weights; {@link StoredType#BF16} or {@link StoredType#F32}
   * @param positions one more than the last position the model was trained on
   * @throws ringattention.input.InputException if the config.json of the model's checkpoint can no
   *     longer be read
   */
  public HuggingFaceExport(ModelConfig model, StoredType type, long positions) {
    this(model, type, positions, LARGEST_FILE);
  }

  /**
   * @param largestFile bytes of tensors in one file; a larger tensor has a file of its own
   */
  HuggingFaceExport(ModelConfig model, StoredType type, long positions, long largestFile) {
    if (type != StoredType.BF16 && type != StoredType.F32) {
      throw new IllegalArgumentException("export of type " + type);
    }
    this.type = type;
    this.largestFile = largestFile;
    this.config = new LlamaConfigFile(model, type, positions);
  }

  /**
   * Writes the folder; a model that has its name is replaced once the new one is whole. Collective.
   *
   * @param folder the same on every rank; the one above it must exist
   * @throws UncheckedIOException naming the file that cannot be written
   */
  public void write(Path folder, Communicator world, ShardedParameters parameters) {
    ExportFolder export = new ExportFolder(folder);
    List<SafetensorsWriter> files = layout(export.partial(), parameters.groups());
    try {
      if (world.rank() == 0) {
        export.settle();
        create(export.partial(), files);
      }
      world.barrier();
      fill(files, parameters);
      world.barrier();
      if (world.rank() == 0) {
        export.publish();
      }
      world.barrier();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder + ": " + e, e);
    }
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

  /** Everything but the weights. */
  private void create(Path folder, List<SafetensorsWriter> files) throws IOException {
    Files.createDirectories(folder);
    for (SafetensorsWriter file : files) {
      file.create();
    }
    if (files.size() > 1) {
      writeForced(folder.resolve(WeightFiles.INDEX), index(files));
    }
    writeForced(folder.resolve(LlamaConfigFile.NAME), config.bytes());
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
  private static void fill(List<SafetensorsWriter> files, ShardedParameters parameters)
      throws IOException {
    StoredFloats floats = new StoredFloats();
    Map<String, SafetensorsWriter> places = new HashMap<>();
    try {
      for (SafetensorsWriter file : files) {
        file.open();
        file.tensors().forEach(tensor -> places.put(tensor.name(), file));
      }
      parameters.save(
          State.WEIGHT,
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
