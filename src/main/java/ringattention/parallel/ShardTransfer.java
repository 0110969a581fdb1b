package ringattention.parallel;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Memory;
import ringattention.device.Tensor;

/**
 * Moves this rank's part of every parameter between device and host, in the order of the model,
 * part by part through a buffer of the host.
 */
final class ShardTransfer {
  private static final int UPLOAD = 1 << 22; // bytes on the host at a time

  private final Device device;
  private final List<ParameterGroup> groups;
  private final int rank;
  private final int ranks;
  private final Tensor staging;

  ShardTransfer(Device device, List<ParameterGroup> groups, int rank, int ranks) {
    this(device, groups, rank, ranks, null);
  }

  /**
   * @param staging where values go first, if they are of its type and shards are not; null where
   *     there is no need
   */
  ShardTransfer(Device device, List<ParameterGroup> groups, int rank, int ranks, Tensor staging) {
    this.staging = staging;
    this.device = device;
    this.groups = groups;
    this.rank = rank;
    this.ranks = ranks;
  }

  /** Fills shards, by group; values go through single precision. */
  void load(IntFunction<Tensor> shards, ValueSource source) {
    transfer(
        (tensor, host, piece, index) -> {
          runs(
              piece,
              index,
              host,
              (whole, part) -> source.read(piece.parameter().whole(), whole, floats(part)));
          if (tensor.dtype() == host.dtype() || staging != null) {
            put(host, tensor);
          } else { // the reference holds double precision
            double[] values = new double[(int) host.elements()];
            Arrays.setAll(values, floats(host)::get);
            device.write(tensor, values);
          }
        },
        shards,
        DType.F32);
  }

  /** Fills shards, by group, with values of their own type. */
  void loadExactly(IntFunction<Tensor> shards, StateSource source, DType type) {
    transfer(
        (tensor, host, piece, index) -> {
          runs(
              piece,
              index,
              host,
              (whole, part) -> source.read(piece.parameter().whole(), whole, part.buffer()));
          put(host, tensor);
        },
        shards,
        type);
  }

  private void put(Tensor host, Tensor tensor) {
    boolean staged = tensor.dtype() != host.dtype();
    Tensor to = staged ? staging.slice(0, host.elements()) : tensor;
    device.waitFor(device.toDevice(host, to, device.mark())); // shards were cleared just now
    if (staged) {
      device.kernels().copy(to, tensor);
    }
  }

  /** Hands out shards, by group; values go through single precision. */
  void save(IntFunction<Tensor> shards, ValueSink sink) {
    transfer(
        (tensor, host, piece, index) -> {
          if (tensor.dtype() == host.dtype()) {
            device.toHost(tensor, host).await();
          } else {
            FloatBuffer values = floats(host);
            for (double value : device.read(tensor)) {
              values.put((float) value);
            }
          }
          runs(
              piece,
              index,
              host,
              (whole, part) -> sink.write(piece.parameter().whole(), whole, floats(part)));
        },
        shards,
        DType.F32);
  }

  /** Hands out shards, by group, in their own type. */
  void saveExactly(IntFunction<Tensor> shards, StateSink sink, DType type) {
    transfer(
        (tensor, host, piece, index) -> {
          device.toHost(tensor, host).await();
          runs(
              piece,
              index,
              host,
              (whole, part) -> sink.write(piece.parameter().whole(), whole, part.buffer()));
        },
        shards,
        type);
  }

  private interface Move {
    /** A part of a shard, and room for it on the host. */
    void accept(Tensor tensor, Tensor host, ParameterGroup.Piece piece, long index);
  }

  /**
   * @param type of what is on the host
   */
  private void transfer(Move move, IntFunction<Tensor> shards, DType type) {
    try (Memory host = device.allocateHost(UPLOAD)) {
      for (int group = 0; group < groups.size(); group++) {
        Tensor shard = shards.apply(group);
        for (ParameterGroup.Piece piece : groups.get(group).pieces(rank, ranks)) {
          int room = UPLOAD / type.bytes(); // elements
          for (long done = 0; done < piece.length(); done += room) {
            long count = Math.min(room, piece.length() - done);
            long from = piece.from() + done;
            move.accept(
                shard.slice(from, from + count),
                new Tensor(host, 0, type, count),
                piece,
                piece.index() + done);
            device.synchronize(); // before the room is used again
          }
        }
      }
    }
  }

  /**
   * What is done with a part of what is on the host, the index-th element of the whole weight on.
   */
  private interface Run {
    void accept(long index, Tensor part);
  }

  /** Visits what is on the host as it lies in the whole weight. */
  private static void runs(ParameterGroup.Piece piece, long index, Tensor host, Run run) {
    piece
        .parameter()
        .runs(
            index,
            host.elements(),
            (from, length, whole) -> run.accept(whole, host.slice(from, from + length)));
  }

  private static FloatBuffer floats(Tensor host) {
    return host.buffer().asFloatBuffer();
  }
}
