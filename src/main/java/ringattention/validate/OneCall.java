package ringattention.validate;

import ringattention.attention.Attention;
import ringattention.attention.KeyValue;
import ringattention.attention.RingBuffers;
import ringattention.config.MaskKind;
import ringattention.device.BlockAttention;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.Device;
import ringattention.device.Mask;
import ringattention.device.Tensor;

/** The device's own attention over the whole sequence in one call: no ring, no merge, no cut. */
final class OneCall implements Attention {
  private final BlockAttention block;
  private final Mask mask;
  private final RingBuffers buffers;

  OneCall(Device device, MaskKind mask, RingBuffers buffers) {
    this.block = device.attention();
    this.mask = mask == MaskKind.CAUSAL ? Mask.CAUSAL : Mask.FULL;
    this.buffers = buffers;
  }

  @Override
  public KeyValue own() {
    return buffers.own();
  }

  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    block.forward(q, own().keys(), own().values(), mask, out, logSumExp);
  }

  @Override
  public Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut) {
    KeyValue gradient = buffers.ownGradient();
    Tensor dq = buffers.querySum();
    block.backward(
        q,
        own().keys(),
        own().values(),
        mask,
        out,
        logSumExp,
        dOut,
        new Heads(0, Math.toIntExact(own().keys().dim(2))),
        new Gradients(dq, false, gradient.keys(), gradient.values(), false));
    return new Gradient(dq, gradient);
  }
}
