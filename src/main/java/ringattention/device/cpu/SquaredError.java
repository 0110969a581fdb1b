package ringattention.device.cpu;

import ringattention.device.Tensor;

/**
 * Squared error of the hyperbolic tangent of rows. An action has a few numbers, so rows are taken
 * one by one in double; {@code StrictMath} gives the same bits on every processor. Labels have been
 * checked.
 */
final class SquaredError {
  private final Workers workers;

  SquaredError(Workers workers) {
    this.workers = workers;
  }

  void lossAndGradient(Tensor z, Tensor targets, int[] labels, double scale, Tensor lossSum) {
    int actions = Require.columns(z);
    double factor = 2 * scale / actions;
    double[] losses = new double[labels.length]; // added in order at the end, as cross-entropy's
    run(
        z,
        targets,
        labels,
        (worker, row, target, at) -> {
          boolean counts = labels[at] == 0;
          double sum = 0;
          for (int i = 0; i < actions; i++) {
            double tanh = counts ? StrictMath.tanh(row[i]) : 0;
            double difference = counts ? tanh - target[i] : 0;
            sum += difference * difference;
            row[i] = (float) (factor * difference * (1 - tanh) * (1 + tanh));
          }
          losses[at] = sum / actions;
          worker.window(0, z).put((long) at * actions, row, 0, actions);
        });
    double sum = 0;
    for (double loss : losses) {
      sum += loss;
    }
    Floats total = new Floats().at(lossSum.address(), 1);
    total.put(0, (float) (total.get(0) + sum));
  }

  void labelErrors(Tensor z, Tensor targets, int[] labels, Tensor losses) {
    int actions = Require.columns(z);
    run(
        z,
        targets,
        labels,
        (worker, row, target, at) -> {
          double sum = 0;
          for (int i = 0; i < actions && labels[at] == 0; i++) {
            double difference = StrictMath.tanh(row[i]) - target[i];
            sum += difference * difference;
          }
          Floats out = worker.window(2, losses);
          out.put(2L * at, (float) (sum / actions));
          out.put(2L * at + 1, 0);
        });
  }

  /** What is done with the numbers of a row and what they should be. */
  private interface Row {
    void run(Worker worker, float[] z, float[] target, int at);
  }

  private void run(Tensor z, Tensor targets, int[] labels, Row body) {
    int actions = Require.columns(z);
    workers.run(
        z.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] row = worker.row(0, actions);
          float[] target = worker.row(1, actions);
          int end = (int) Workers.start(labels.length, part + 1, parts, 1);
          for (int at = (int) Workers.start(labels.length, part, parts, 1); at < end; at++) {
            worker.window(0, z).get((long) at * actions, row, 0, actions);
            worker.window(1, targets).get((long) at * actions, target, 0, actions);
            body.run(worker, row, target, at);
          }
        });
  }
}
