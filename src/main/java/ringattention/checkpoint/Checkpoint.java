package ringattention.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringattention.device.DType;
import ringattention.input.InputException;
import ringattention.input.UsedInputs;
import ringattention.parallel.LoadableWeights;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;
import ringattention.parallel.ValueSink;

/**
 * A complete checkpoint, for reading by a job of any number of ranks. Every rank reads the files
 * that hold its part of the parameters, and of those only that part.
 */
public final class Checkpoint implements AutoCloseable {
  private static final int BLOCK = 1 << 22; // bytes in memory at a time

  private final Path folder;
  private final Manifest manifest;
  private final PieceIndex<ShardFile> pieces = new PieceIndex<>();
  private final List<ShardFile> open = new ArrayList<>();
  private final ByteBuffer buffer; // what is read of files goes through it

  private Checkpoint(Path folder, Manifest manifest) {
    this.folder = folder;
    this.manifest = manifest;
    this.buffer = ByteBuffer.allocateDirect(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads the manifest only; see {@link #verify}.
   *
   * @throws InputException if it is not complete, or the manifest is not what was written
   */
  static Checkpoint open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new InputException(folder + ": no such folder");
    }
    if (!CheckpointFolder.isComplete(folder)) {
      throw new InputException(
          folder.resolve(CheckpointFolder.DONE) + ": missing, the checkpoint is not complete");
    }
    return new Checkpoint(folder, Manifest.read(folder));
  }

  /**
   * Reads this rank's share of the files, which all ranks together read whole.
   *
   * @throws InputException if one is missing or not what was written
   */
  void verify(int rank, int ranks) {
    for (int file = rank; file < manifest.files().size(); file += ranks) {
      manifest.files().get(file).verify(folder);
    }
  }

  public Path folder() {
    return folder;
  }

  /** Returns 8 digits that name the manifest, and by it every file: ranks must see the same. */
  public String checksum() {
    return manifest.checksum();
  }

  public TrainingPosition position() {
    return manifest.position();
  }

  /** Number of ranks that wrote it. */
  public int ranks() {
    return manifest.ranks();
  }

  /** Returns the bytes of all its files. */
  public long bytes() {
    return manifest.bytes();
  }

  /** The program that wrote it. */
  public String program() {
    return manifest.program() + " (git " + manifest.git() + ")";
  }

  /**
   * Returns what the run learned from, by part and name; see {@link Origin#contents}. Empty if an
   * older program wrote it, which did not say.
   */
  public Map<String, Map<String, String>> contents() {
    return manifest.contents();
  }

  /** Returns what the program chose, by name; empty if an older program wrote it. */
  public Map<String, String> choices() {
    return manifest.choices();
  }

  /** Every input of the run that wrote it. */
  public UsedInputs inputs() {
    try {
      return UsedInputs.of(Files.readString(folder.resolve(Origin.INPUTS)));
    } catch (IOException e) {
      throw new InputException(folder.resolve(Origin.INPUTS) + ": cannot be read");
    }
  }

  /**
   * Sets this rank's part of all states. The parameters must be those of the same model.
   *
   * @param rank of so many that load it; files are tried from the likeliest on
   * @throws IllegalStateException if a file cannot be read, or no file has the values
   */
  public void load(ShardedParameters parameters, int rank, int ranks) {
    int likeliest = likeliest(rank, ranks);
    for (State state : State.values()) {
      parameters.loadExactly(
          state,
          (parameter, index, into) ->
              read(state, parameter, index, into, parameters.type(), likeliest));
    }
  }

  /** As {@link #load}, of the weights alone: nothing else is read. */
  public void loadWeights(LoadableWeights weights, int rank, int ranks) {
    int likeliest = likeliest(rank, ranks);
    weights.loadExactly(
        (parameter, index, into) ->
            read(State.WEIGHT, parameter, index, into, weights.type(), likeliest));
  }

  /**
   * Hands out a rank's share of the weights in single precision, block by block: no more than a
   * block is in memory.
   *
   * @param groups all weights of the model
   */
  public void readWeights(List<ParameterGroup> groups, int rank, int ranks, ValueSink sink) {
    int likeliest = likeliest(rank, ranks);
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK).order(ByteOrder.nativeOrder());
    int most = BLOCK / DType.F32.bytes(); // elements
    for (ParameterGroup group : groups) {
      for (ParameterGroup.Piece piece : group.pieces(rank, ranks)) {
        for (long done = 0; done < piece.length(); done += most) {
          int count = (int) Math.min(most, piece.length() - done);
          long index = piece.index() + done;
          block.clear().limit(count * DType.F32.bytes());
          read(State.WEIGHT, piece.parameter(), index, block, DType.F32, likeliest);
          sink.write(piece.parameter(), index, block.flip().asFloatBuffer());
        }
      }
    }
  }

  /** Whether it holds a weight of this name. */
  public boolean hasWeight(String name) {
    return search(State.WEIGHT, name, 0, 0).isPresent();
  }

  private int likeliest(int rank, int ranks) {
    return (int) ((long) rank * manifest.ranks() / ranks);
  }

  private void read(
      State state, Parameter parameter, long index, ByteBuffer into, DType type, int likeliest) {
    int end = into.limit();
    while (into.position() < end) {
      long next = index + into.position() / type.bytes();
      PieceIndex.Entry<ShardFile> entry = find(state, parameter, next, likeliest);
      long held = entry.following(next) * type.bytes();
      into.limit((int) Math.min(end, into.position() + held));
      ShardFile file = entry.where();
      try {
        file.read(entry.offsetOf(next, file.type()), into, type, buffer);
      } catch (IOException e) {
        throw new IllegalStateException(file.path() + ": cannot be read", e);
      }
    }
  }

  private PieceIndex.Entry<ShardFile> find(
      State state, Parameter parameter, long element, int likeliest) {
    return search(state, parameter.name(), element, likeliest)
        .orElseThrow(
            () ->
                new IllegalStateException(
                    folder + ": has no " + state + " " + element + " of " + parameter.name()));
  }

  private Optional<PieceIndex.Entry<ShardFile>> search(
      State state, String parameter, long element, int likeliest) {
    var entry = pieces.find(state, parameter, element);
    while (entry.isEmpty() && open.size() < manifest.ranks()) {
      openFile((likeliest + open.size()) % manifest.ranks());
      entry = pieces.find(state, parameter, element);
    }
    return entry;
  }

  private void openFile(int rank) {
    Path path = folder.resolve(ShardFile.name(rank));
    try {
      ShardFile file = ShardFile.open(path);
      open.add(file);
      file.index(pieces);
    } catch (IOException e) {
      throw new IllegalStateException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    for (ShardFile file : open) {
      try {
        file.close();
      } catch (IOException e) {
        throw new IllegalStateException(file.path() + ": cannot be closed", e);
      }
    }
    open.clear();
  }
}
