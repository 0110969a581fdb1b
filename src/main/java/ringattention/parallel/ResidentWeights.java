package ringattention.parallel;

import static ringattention.device.Allocator.Purpose.PARAMETERS;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * All weights, whole, in the type they are used in: nothing is gathered. What inference uses where
 * a model fits on one device.
 */
public final class ResidentWeights implements ParameterSource, LoadableWeights {
  private static final int STAGED = 1 << 20; // elements converted at a time

  /**
   * The memory of resident weights.
   *
   * @param groups every group whole and flat, compute type
   * @param staging values before they are rounded, sum type; null where that is the compute type
   */
  public record Buffers(List<Tensor> groups, Tensor staging) {
    /** Allocates all groups. */
    public static Buffers allocate(
        Allocator allocator, List<ParameterGroup> groups, DType compute, DType sum) {
      List<Tensor> whole = new ArrayList<>();
      for (ParameterGroup group : groups) {
        whole.add(
            allocator.allocate(
                "parameters." + group.name(),
                PARAMETERS,
                compute,
                new Dim("elements", group.elements())));
      }
      return new Buffers(
          List.copyOf(whole),
          compute == sum
              ? null
              : allocator.allocate(
                  "parameters.staging", PARAMETERS, sum, new Dim("elements", STAGED)));
    }
  }

  private final Device device;
  private final List<ParameterGroup> groups;
  private final Buffers buffers;
  private final ShardTransfer transfer;

  public ResidentWeights(Device device, List<ParameterGroup> groups, Buffers buffers) {
    this.device = device;
    this.groups = List.copyOf(groups);
    this.buffers = buffers;
    this.transfer = new ShardTransfer(device, this.groups, 0, 1, buffers.staging());
  }

  @Override
  public DType type() {
    return device.sum();
  }

  @Override
  public void clear() {
    buffers.groups().forEach(group -> device.kernels().fill(group, 0));
  }

  @Override
  public void initialize(long seed, double standardDeviation) {
    InitialWeights initial = new InitialWeights(seed, standardDeviation);
    for (int group = 0; group < groups.size(); group++) {
      for (ParameterGroup.Piece piece : groups.get(group).pieces(0, 1)) {
        for (long done = 0; done < piece.length(); done += STAGED) {
          long count = Math.min(STAGED, piece.length() - done);
          Tensor weight =
              buffers.groups().get(group).slice(piece.from() + done, piece.from() + done + count);
          Tensor exact = buffers.staging() == null ? weight : buffers.staging().slice(0, count);
          initial.set(device.kernels(), piece.parameter(), piece.index() + done, exact);
          if (exact != weight) {
            device.kernels().copy(exact, weight);
          }
        }
      }
    }
  }

  @Override
  public void load(ValueSource source) {
    transfer.load(buffers.groups()::get, source);
  }

  @Override
  public void loadExactly(StateSource source) {
    transfer.loadExactly(buffers.groups()::get, source, type());
  }

  @Override
  public void prefetch(int group) {}

  @Override
  public Weights weights(int group) {
    return new Weights(groups.get(group), buffers.groups().get(group));
  }
}
