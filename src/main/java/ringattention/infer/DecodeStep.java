package ringattention.infer;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Recorded;
import ringattention.device.Tensor;
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
    compute(rows);
    return logits(rows.used());
  }

  /**
   * Computes and keeps the rows' positions of trajectories. Collective.
   *
   * @return outputs of every row that is used, [rows used * actions]
   */
  double[] actions(StepRows rows) {
    transformer.loadFeatures(rows.features());
    compute(rows);
    return device.read(buffers.logits().slice(0, rows.used()));
  }

  private void compute(StepRows rows) {
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
  }

  private void enqueue() {
    transformer.logits(buffers.logits());
  }

  private float[][] logits(int used) {
    int vocabulary = Math.toIntExact(buffers.logits().dim(1));
    Tensor host = buffers.hostLogits().slice(0, used);
    device.toHost(buffers.logits().slice(0, used), host).await();
    float[][] logits = new float[used][vocabulary];
    if (host.dtype() == DType.F32) {
      FloatBuffer values = host.buffer().asFloatBuffer();
      for (float[] row : logits) {
        values.get(row);
      }
    } else {
      DoubleBuffer values = host.buffer().asDoubleBuffer();
      for (float[] row : logits) {
        for (int token = 0; token < vocabulary; token++) {
          row[token] = (float) values.get();
        }
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
