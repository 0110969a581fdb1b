package ringattention.device.reference;

import static ringattention.device.reference.ReferenceDevice.doubles;
import static ringattention.device.reference.ReferenceDevice.integers;

import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import ringattention.device.Kernels;
import ringattention.device.Tensor;

/** Embedding and loss over the vocabulary: the formulas of {@link Kernels} as loops. */
final class Vocabulary {
  private Vocabulary() {}

  static void embed(Tensor tokens, Tensor table, Tensor out) {
    int hidden = ReferenceKernels.columns(table);
    IntBuffer token = integers(tokens);
    DoubleBuffer rows = doubles(table);
    DoubleBuffer outs = doubles(out);
    for (int row = 0; row < token.limit(); row++) {
      for (int i = 0; i < hidden; i++) {
        outs.put(row * hidden + i, rows.get(token.get(row) * hidden + i));
      }
    }
  }

  static void embedBackward(Tensor tokens, Tensor dOut, Tensor dTable) {
    int hidden = ReferenceKernels.columns(dTable);
    IntBuffer token = integers(tokens);
    DoubleBuffer dOuts = doubles(dOut);
    DoubleBuffer dRows = doubles(dTable);
    for (int row = 0; row < token.limit(); row++) {
      for (int i = 0; i < hidden; i++) {
        int at = token.get(row) * hidden + i;
        dRows.put(at, dRows.get(at) + dOuts.get(row * hidden + i));
      }
    }
  }

  static void crossEntropy(Tensor logits, Tensor labels, double scale, Tensor lossSum) {
    int vocabulary = ReferenceKernels.columns(logits);
    DoubleBuffer logit = doubles(logits);
    IntBuffer label = integers(labels);
    double loss = 0;
    for (int row = 0; row < label.limit(); row++) {
      int first = row * vocabulary;
      int target = label.get(row);
      double maximum = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < vocabulary; i++) {
        maximum = Math.max(maximum, logit.get(first + i));
      }
      double sum = 0;
      for (int i = 0; i < vocabulary; i++) {
        sum += Math.exp(logit.get(first + i) - maximum);
      }
      double logSumExp = maximum + Math.log(sum);
      if (target >= 0) {
        loss += logSumExp - logit.get(first + target);
      }
      for (int i = 0; i < vocabulary; i++) {
        double probability = Math.exp(logit.get(first + i) - logSumExp);
        double gradient = scale * (probability - (i == target ? 1 : 0));
        logit.put(first + i, target >= 0 ? gradient : 0);
      }
    }
    DoubleBuffer total = doubles(lossSum);
    total.put(0, total.get(0) + loss);
  }

  static void labelLosses(Tensor logits, Tensor labels, Tensor losses) {
    int vocabulary = ReferenceKernels.columns(logits);
    DoubleBuffer logit = doubles(logits);
    IntBuffer label = integers(labels);
    DoubleBuffer out = doubles(losses);
    for (int row = 0; row < label.limit(); row++) {
      int first = row * vocabulary;
      int largest = 0;
      for (int i = 1; i < vocabulary; i++) {
        largest = logit.get(first + i) > logit.get(first + largest) ? i : largest;
      }
      double maximum = logit.get(first + largest);
      double sum = 0;
      for (int i = 0; i < vocabulary; i++) {
        sum += Math.exp(logit.get(first + i) - maximum);
      }
      int target = label.get(row);
      out.put(2 * row, target < 0 ? 0 : maximum + Math.log(sum) - logit.get(first + target));
      out.put(2 * row + 1, target == largest ? 1 : 0);
    }
  }
}
