package ringattention.validate;

import ringattention.attention.Attention;
import ringattention.attention.KeyValue;
import ringattention.attention.RingBuffers;
import ringattention.device.BlockAttention;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.shard.Documents;
import ringattention.shard.Mask;

/** The device's own attention over each whole document in one call: no ring, no merge, no cut. */
final class OneCall implements Attention {
  private final BlockAttention block;
  private final Mask mask;
  private final RingBuffers buffers;
  private Documents[] sequences = {Documents.ONE};
  private Documents documents = Documents.ONE; // of the sequence attended to

  OneCall(Device device, Mask mask, RingBuffers buffers) {
    this.block = device.attention();
    this.mask = mask;
    this.buffers = buffers;
  }

  @Override
  public void documents(Documents... packed) {
    sequences = packed.clone();
    sequence(0);
  }

  @Override
  public void sequence(int index) {
    documents = sequences[index];
  }

  @Override
  public KeyValue own() {
    return buffers.own();
  }

  @Override
  public void forward(Tensor q, Tensor out, Tensor logSumExp) {
    int from = 0;
    for (int size : documents.lengths(Math.toIntExact(q.dim(0)))) {
      int to = from + size;
      block.forward(
          q.slice(from, to),
          own().keys().slice(from, to),
          own().values().slice(from, to),
          mask,
          out.slice(from, to),
          logSumExp.slice(from, to));
      from = to;
    }
  }

  @Override
  public Gradient backward(Tensor q, Tensor out, Tensor logSumExp, Tensor dOut) {
    KeyValue gradient = buffers.ownGradient();
    Tensor dq = buffers.querySum();
    int from = 0;
    for (int size : documents.lengths(Math.toIntExact(q.dim(0)))) {
      int to = from + size;
      block.backward(
          q.slice(from, to),
          own().keys().slice(from, to),
          own().values().slice(from, to),
          mask,
          out.slice(from, to),
          logSumExp.slice(from, to),
          dOut.slice(from, to),
          new Heads(0, Math.toIntExact(own().keys().dim(2))),
          new Gradients(
              dq.slice(from, to),
              false,
              gradient.keys().slice(from, to),
              gradient.values().slice(from, to),
              false));
      from = to;
    }
    return new Gradient(dq, gradient);
  }
}
