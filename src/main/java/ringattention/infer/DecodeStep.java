package ringattention.infer;

import ringattention.device.Device;
import ringattention.device.Recorded;
import ringattention.model.Transformer;

/**
 * A forward of so many new tokens, the same on all ranks, over the cache. The first is enqueued
 * piece by piece, those after it as one recording.
 */
final class DecodeStep implements AutoCloseable {
  private final Device device;
  private final Transformer transformer;
  private final StepBuffers buffers;
  private final int[] noLabels;
  private Recorded recorded; // null before the second step
  private boolean warm;

  /**
   * @param transformer of as many tokens as the buffers have rows
   */
  DecodeStep(Device device, Transformer transformer, StepBuffers buffers) {
    this.device = device;
    this.transformer = transformer;
    this.buffers = buffers;
    this.noLabels = new int[rows()];
  }

  int rows() {
    return Math.toIntExact(buffers.logits().dim(0));
  }

  /**
   * Computes and keeps the rows' tokens. Collective.
   *
   * @return logits behind every row that is used, [rows used][vocabulary]
   */
  float[][] run(StepRows rows) {
    transformer.load(rows.tokens(), noLabels, rows.positions());
    device.write(buffers.slots(), rows.slots());
    device.write(buffers.segments(), rows.segments(StepBuffers.segments(rows())));
    if (warm && recorded == null) {
      recorded = device.record(this::enqueue);
    }
    if (recorded == null) {
      enqueue();
      warm = true;
    } else {
      recorded.run();
    }
    return logits(rows.used());
  }

  private void enqueue() {
    transformer.logits(buffers.logits());
  }

  private float[][] logits(int used) {
    int vocabulary = Math.toIntExact(buffers.logits().dim(1));
    double[] all = device.read(buffers.logits().slice(0, used));
    float[][] logits = new float[used][vocabulary];
    for (int row = 0; row < used; row++) {
      for (int token = 0; token < vocabulary; token++) {
        logits[row][token] = (float) all[row * vocabulary + token];
      }
    }
    return logits;
  }

  @Override
  public void close() {
    if (recorded != null) {
      recorded.close();
    }
  }
}
