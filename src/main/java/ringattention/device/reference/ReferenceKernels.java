package ringattention.device.reference;

import static ringattention.device.reference.ReferenceDevice.doubles;
import static ringattention.device.reference.ReferenceDevice.integers;

import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import ringattention.device.HeadCopy;
import ringattention.device.Kernels;
import ringattention.device.NormalNumbers;
import ringattention.device.RotaryTable;
import ringattention.device.Tensor;

/** Each kernel is its formula in {@link Kernels}, written as loops. */
final class ReferenceKernels implements Kernels {
  @Override
  public void fill(Tensor to, double value) {
    DoubleBuffer elements = doubles(to);
    for (int i = 0; i < elements.limit(); i++) {
      elements.put(i, value);
    }
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    requireSameSize(from, to);
    doubles(to).put(doubles(from));
  }

  @Override
  public void add(Tensor to, Tensor from) {
    requireSameSize(from, to);
    DoubleBuffer sum = doubles(to);
    DoubleBuffer added = doubles(from);
    for (int i = 0; i < sum.limit(); i++) {
      sum.put(i, sum.get(i) + added.get(i));
    }
  }

  @Override
  public void normal(Tensor to, long stream, long first, double standardDeviation) {
    DoubleBuffer elements = doubles(to);
    for (int i = 0; i < elements.limit(); i++) {
      elements.put(i, (float) (standardDeviation * NormalNumbers.at(stream, first + i)));
    }
  }

  @Override
  public void copyHeads(Tensor from, int fromHead, Tensor to, int toHead, int heads) {
    HeadCopy copy = HeadCopy.of(from, fromHead, to, toHead, heads);
    DoubleBuffer source = doubles(from);
    DoubleBuffer target = doubles(to);
    for (int row = 0; row < copy.rows(); row++) {
      for (int i = 0; i < copy.length(); i++) {
        double value = source.get((int) (row * copy.fromRow() + copy.fromStart() + i));
        target.put((int) (row * copy.toRow() + copy.toStart() + i), value);
      }
    }
  }

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c, boolean accumulate) {
    double[][] rows = rows(a, transposeA);
    double[][] columns = rows(b, !transposeB);
    long inner = a.dim(transposeA ? 0 : 1);
    if (inner != b.dim(transposeB ? 1 : 0)
        || c.dim(0) != rows.length
        || c.dim(1) != columns.length) {
      throw new IllegalArgumentException(
          "product of "
              + a
              + (transposeA ? "^T" : "")
              + " and "
              + b
              + (transposeB ? "^T" : "")
              + " into "
              + c);
    }
    DoubleBuffer out = doubles(c);
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < columns.length; j++) {
        double sum = 0;
        for (int p = 0; p < inner; p++) {
          sum += rows[i][p] * columns[j][p];
        }
        int at = i * columns.length + j;
        out.put(at, accumulate ? out.get(at) + sum : sum);
      }
    }
  }

  /**
   * The rows of a matrix, or of its transpose, so that a product is dot products of contiguous
   * rows.
   */
  private static double[][] rows(Tensor matrix, boolean transpose) {
    int height = Math.toIntExact(matrix.dim(0));
    int width = Math.toIntExact(matrix.dim(1));
    DoubleBuffer elements = doubles(matrix);
    double[][] rows = transpose ? new double[width][height] : new double[height][width];
    for (int i = 0; i < height; i++) {
      for (int j = 0; j < width; j++) {
        double value = elements.get(i * width + j);
        if (transpose) {
          rows[j][i] = value;
        } else {
          rows[i][j] = value;
        }
      }
    }
    return rows;
  }

  @Override
  public void addBias(Tensor x, Tensor bias) {
    Bias.add(x, bias);
  }

  @Override
  public void addBiasBackward(Tensor dX, Tensor dBias) {
    Bias.backward(dX, dBias);
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out) {
    int hidden = columns(x);
    DoubleBuffer in = doubles(x);
    DoubleBuffer gain = doubles(weight);
    DoubleBuffer normed = doubles(out);
    for (int row = 0; row < in.limit(); row += hidden) {
      double inverse = inverseRootMeanSquare(in, row, hidden, epsilon);
      for (int i = 0; i < hidden; i++) {
        normed.put(row + i, in.get(row + i) * inverse * gain.get(i));
      }
    }
  }

  @Override
  public void rmsNormBackward(
      Tensor x, Tensor weight, double epsilon, Tensor dOut, Tensor dx, Tensor dWeight) {
    int hidden = columns(x);
    DoubleBuffer in = doubles(x);
    DoubleBuffer gain = doubles(weight);
    DoubleBuffer dNormed = doubles(dOut);
    DoubleBuffer dIn = doubles(dx);
    DoubleBuffer dGain = doubles(dWeight);
    for (int row = 0; row < in.limit(); row += hidden) {
      double inverse = inverseRootMeanSquare(in, row, hidden, epsilon);
      double projection = 0; // of the gradient on x, through the mean of squares
      for (int i = 0; i < hidden; i++) {
        projection += dNormed.get(row + i) * gain.get(i) * in.get(row + i);
      }
      double shrink = inverse * inverse * inverse * projection / hidden;
      for (int i = 0; i < hidden; i++) {
        double dValue = dNormed.get(row + i) * gain.get(i) * inverse - in.get(row + i) * shrink;
        dIn.put(row + i, dIn.get(row + i) + dValue);
        dGain.put(i, dGain.get(i) + dNormed.get(row + i) * in.get(row + i) * inverse);
      }
    }
  }

  private static double inverseRootMeanSquare(
      DoubleBuffer in, int row, int hidden, double epsilon) {
    double squares = 0;
    for (int i = 0; i < hidden; i++) {
      squares += in.get(row + i) * in.get(row + i);
    }
    return 1 / Math.sqrt(squares / hidden + epsilon);
  }

  @Override
  public void rotate(Tensor x, Tensor positions, RotaryTable table, boolean inverse) {
    int sequence = Math.toIntExact(x.dim(0));
    int vectors = Math.toIntExact(x.dim(1) * x.dim(2)); // batch x heads, all at one position
    int headSize = Math.toIntExact(x.dim(3));
    int half = headSize / 2;
    DoubleBuffer elements = doubles(x);
    IntBuffer position = integers(positions);
    DoubleBuffer frequency = doubles(table.frequencies());
    for (int row = 0; row < sequence; row++) {
      for (int i = 0; i < half; i++) {
        double angle = position.get(row) * frequency.get(i);
        double cosine = table.magnitude() * Math.cos(angle);
        double sine = table.magnitude() * (inverse ? -Math.sin(angle) : Math.sin(angle));
        for (int vector = 0; vector < vectors; vector++) {
          int first = (row * vectors + vector) * headSize + i;
          double a = elements.get(first);
          double b = elements.get(first + half);
          elements.put(first, a * cosine - b * sine);
          elements.put(first + half, b * cosine + a * sine);
        }
      }
    }
  }

  @Override
  public void swiGlu(Tensor gate, Tensor up, Tensor out) {
    SwiGlu.forward(gate, up, out);
  }

  @Override
  public void swiGluBackward(Tensor gate, Tensor up, Tensor dOut, Tensor dGate, Tensor dUp) {
    SwiGlu.backward(gate, up, dOut, dGate, dUp);
  }

  @Override
  public void embed(Tensor tokens, Tensor table, Tensor out) {
    Vocabulary.embed(tokens, table, out);
  }

  @Override
  public void embedBackward(Tensor tokens, Tensor dOut, Tensor dTable) {
    Vocabulary.embedBackward(tokens, dOut, dTable);
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor labels, double scale, Tensor lossSum) {
    Vocabulary.crossEntropy(logits, labels, scale, lossSum);
  }

  @Override
  public void labelLosses(Tensor logits, Tensor labels, Tensor losses) {
    Vocabulary.labelLosses(logits, labels, losses);
  }

  @Override
  public void squaredError(Tensor z, Tensor targets, Tensor labels, double scale, Tensor lossSum) {
    SquaredError.lossAndGradient(z, targets, labels, scale, lossSum);
  }

  @Override
  public void labelErrors(Tensor z, Tensor targets, Tensor labels, Tensor losses) {
    SquaredError.labelErrors(z, targets, labels, losses);
  }

  @Override
  public double sumOfSquares(Tensor x) {
    DoubleBuffer elements = doubles(x);
    double sum = 0;
    for (int i = 0; i < elements.limit(); i++) {
      sum += elements.get(i) * elements.get(i);
    }
    return sum;
  }

  @Override
  public long firstNonFinite(Tensor x) {
    DoubleBuffer elements = doubles(x);
    for (int i = 0; i < elements.limit(); i++) {
      if (!Double.isFinite(elements.get(i))) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public void adamW(Tensor weight, Tensor momentum, Tensor variance, Tensor gradient, AdamW s) {
    DoubleBuffer w = doubles(weight);
    DoubleBuffer m = doubles(momentum);
    DoubleBuffer v = doubles(variance);
    DoubleBuffer gradients = doubles(gradient);
    double momentumCorrection = 1 - Math.pow(s.beta1(), s.step());
    double varianceCorrection = 1 - Math.pow(s.beta2(), s.step());
    for (int i = 0; i < w.limit(); i++) {
      double g = s.gradientScale() * gradients.get(i);
      m.put(i, s.beta1() * m.get(i) + (1 - s.beta1()) * g);
      v.put(i, s.beta2() * v.get(i) + (1 - s.beta2()) * g * g);
      double step = m.get(i) / momentumCorrection;
      step /= Math.sqrt(v.get(i) / varianceCorrection) + s.epsilon();
      w.put(i, w.get(i) - s.learningRate() * (step + s.weightDecay() * w.get(i)));
    }
  }

  static int columns(Tensor x) {
    return Math.toIntExact(x.dim(x.rank() - 1));
  }

  private static void requireSameSize(Tensor from, Tensor to) {
    if (from.elements() != to.elements()) {
      throw new IllegalArgumentException(from + " and " + to + " differ in size");
    }
  }
}
