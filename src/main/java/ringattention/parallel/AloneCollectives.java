package ringattention.parallel;

import java.util.List;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.Device;
import ringattention.device.Tensor;

/** The collectives of a single rank: copies in the device's own queue, in order by themselves. */
public final class AloneCollectives implements Collectives {
  private final Device device;

  public AloneCollectives(Device device) {
    this.device = device;
  }

  @Override
  public Completion allGather(Tensor part, Tensor whole, Completion after) {
    device.kernels().copy(part, whole);
    return Completion.DONE;
  }

  @Override
  public Completion reduceScatter(Tensor whole, Tensor part, Completion after) {
    device.kernels().copy(whole, part);
    return Completion.DONE;
  }

  @Override
  public Completion allToAll(List<Part> parts, Completion after) {
    if (!parts.isEmpty()) {
      throw new IllegalArgumentException("a rank alone exchanges with nobody");
    }
    return Completion.DONE;
  }

  @Override
  public Collectives split(int color) {
    return this;
  }
}
