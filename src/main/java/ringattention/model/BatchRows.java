package ringattention.model;

import java.util.List;
import ringattention.shard.TokenLayout;

/** Where the rows of every rank's part of a batch belong: whole sequences, in order. */
public final class BatchRows {
  private final ModelSetup setup;
  private final TokenLayout layout;

  public BatchRows(ModelSetup setup) {
    this.setup = setup;
    this.layout = setup.layout();
  }

  /**
   * Puts what the ranks hold together.
   *
   * @param parts of every rank of the job, [tokens of the rank, batch of a ring, columns]
   * @return [batch of the job, sequence, columns]
   */
  public double[] join(List<double[]> parts, int columns) {
    int batch = setup.batch();
    int rows = setup.mesh().data() * batch * setup.sequence();
    double[] whole = new double[Math.multiplyExact(rows, columns)];
    for (int rank = 0; rank < parts.size(); rank++) {
      int sharing = setup.mesh().sharingRank(rank);
      int first = setup.mesh().dataRank(rank) * batch;
      for (int row = 0; row < layout.size(sharing) * batch; row++) {
        int sequence = first + row % batch;
        int position = layout.position(sharing, row / batch);
        int to = (sequence * setup.sequence() + position) * columns;
        System.arraycopy(parts.get(rank), row * columns, whole, to, columns);
      }
    }
    return whole;
  }
}
