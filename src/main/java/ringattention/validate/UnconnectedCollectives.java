package ringattention.validate;

import java.util.List;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.Tensor;

/** An exchange of heads that is done at once and carries nothing, see {@link Unconnected}. */
final class UnconnectedCollectives implements Collectives {
  @Override
  public Completion allToAll(List<Part> parts, Completion after) {
    return Completion.DONE;
  }

  @Override
  public Completion allGather(Tensor part, Tensor whole, Completion after) {
    throw refused();
  }

  @Override
  public Completion reduceScatter(Tensor whole, Tensor part, Completion after) {
    throw refused();
  }

  @Override
  public Collectives split(int color) {
    throw refused();
  }

  private static UnsupportedOperationException refused() {
    return new UnsupportedOperationException("attention exchanges heads only");
  }
}
