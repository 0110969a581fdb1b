package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.load;

import java.util.Arrays;
import ringattention.device.Tensor;

/**
 * Kernels over the vocabulary: embedding, its backward, cross-entropy. Tokens have been checked.
 */
final class Vocabulary {
  private static final int IGNORED = -1;

  private final Workers workers;

  Vocabulary(Workers workers) {
    this.workers = workers;
  }

  void embed(int[] tokens, Tensor table, Tensor out) {
    int hidden = Require.columns(table);
    workers.run(
        out.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] row = worker.row(0, hidden);
          Floats rows = worker.window(0, table);
          Floats outs = worker.window(1, out);
          long end = Workers.start(tokens.length, part + 1, parts, 1);
          for (long at = Workers.start(tokens.length, part, parts, 1); at < end; at++) {
            rows.get((long) tokens[(int) at] * hidden, row, 0, hidden);
            outs.put(at * hidden, row, 0, hidden);
          }
        });
  }

  /**
   * Split by columns, so that every element of the table is added to by one thread, in the order of
   * the rows.
   */
  void embedBackward(int[] tokens, Tensor dOut, Tensor dTable) {
    int hidden = Require.columns(dTable);
    workers.run(
        dOut.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          int first = (int) Workers.start(hidden, part, parts, 16);
          int columns = (int) Workers.start(hidden, part + 1, parts, 16) - first;
          float[] change = worker.row(0, columns);
          float[] sum = worker.row(1, columns);
          Floats changes = worker.window(0, dOut);
          Floats sums = worker.window(1, dTable);
          for (int at = 0; at < tokens.length; at++) {
            long row = (long) tokens[at] * hidden + first;
            changes.get((long) at * hidden + first, change, 0, columns);
            sums.get(row, sum, 0, columns);
            for (int i = 0; i < columns; i += WIDTH) {
              load(sum, i).add(load(change, i)).intoArray(sum, i);
            }
            sums.put(row, sum, 0, columns);
          }
        });
  }

  void crossEntropy(Tensor logits, int[] labels, double scale, Tensor lossSum) {
    int vocabulary = Require.columns(logits);
    double[] losses =
        new double[labels.length]; // added in order at the end: the same for any number of threads
    workers.run(
        logits.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] row = worker.row(0, vocabulary);
          Floats window = worker.window(0, logits);
          long end = Workers.start(labels.length, part + 1, parts, 1);
          for (long at = Workers.start(labels.length, part, parts, 1); at < end; at++) {
            int label = labels[(int) at];
            if (label == IGNORED) {
              Arrays.fill(row, 0);
            } else {
              window.get(at * vocabulary, row, 0, vocabulary);
              losses[(int) at] = lossAndGradient(row, vocabulary, label, scale);
            }
            window.put(at * vocabulary, row, 0, vocabulary);
          }
        });
    double sum = 0;
    for (double loss : losses) {
      sum += loss;
    }
    Floats total = new Floats().at(lossSum.address(), 1);
    total.put(0, (float) (total.get(0) + sum));
  }

  void labelLosses(Tensor logits, int[] labels, Tensor losses) {
    int vocabulary = Require.columns(logits);
    workers.run(
        logits.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] row = worker.row(0, vocabulary);
          Floats window = worker.window(0, logits);
          Floats out = worker.window(1, losses);
          long end = Workers.start(labels.length, part + 1, parts, 1);
          for (long at = Workers.start(labels.length, part, parts, 1); at < end; at++) {
            int label = labels[(int) at];
            if (label == IGNORED) {
              out.put(2 * at, 0);
              out.put(2 * at + 1, 0);
            } else {
              window.get(at * vocabulary, row, 0, vocabulary);
              VectorMath.pad(row, vocabulary, Float.NEGATIVE_INFINITY);
              float max = VectorMath.max(row, vocabulary);
              out.put(2 * at + 1, first(row, max) == label ? 1 : 0);
              double logit = row[label] - (double) max;
              double sum = VectorMath.exponentials(row, vocabulary, max);
              out.put(2 * at, (float) (StrictMath.log(sum) - logit));
            }
          }
        });
  }

  /** Returns where a value stands first; none if it is not a number. */
  private static int first(float[] row, float value) {
    int at = 0;
    while (at < row.length && row[at] != value) {
      at++;
    }
    return at;
  }

  private static double lossAndGradient(float[] row, int vocabulary, int label, double scale) {
    VectorMath.pad(row, vocabulary, Float.NEGATIVE_INFINITY);
    float max = VectorMath.max(row, vocabulary);
    double logit = row[label] - (double) max;
    double sum = VectorMath.exponentials(row, vocabulary, max);
    VectorMath.scale(row, vocabulary, (float) (scale / sum));
    row[label] -= (float) scale;
    return StrictMath.log(sum) - logit;
  }
}
