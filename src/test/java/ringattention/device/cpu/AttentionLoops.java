package ringattention.device.cpu;

import java.util.Arrays;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/** Attention and its backward in float64, one score at a time: the truth of these tests. */
final class AttentionLoops {
  private final int queries;
  private final int keys;
  private final int batch;
  private final int heads;
  private final int keyValueHeads;
  private final int headSize;
  private final boolean causal;
  private final double[] q;
  private final double[] k;
  private final double[] v;

  final double[] out;
  final double[] logSumExp;
  final double[] dq;
  final double[] dk;
  final double[] dv;

  AttentionLoops(Data data, Tensor q, Tensor k, Tensor v, Mask mask, Tensor dOut) {
    queries = (int) q.dim(0);
    keys = (int) k.dim(0);
    batch = (int) q.dim(1);
    heads = (int) q.dim(2);
    keyValueHeads = (int) k.dim(2);
    headSize = (int) q.dim(3);
    causal = mask == Mask.CAUSAL;
    this.q = data.read(q);
    this.k = data.read(k);
    this.v = data.read(v);
    out = new double[this.q.length];
    logSumExp = new double[queries * batch * heads];
    dq = new double[this.q.length];
    dk = new double[this.k.length];
    dv = new double[this.k.length];
    double[] gradient = data.read(dOut);
    for (int i = 0; i < queries; i++) {
      for (int b = 0; b < batch; b++) {
        for (int h = 0; h < heads; h++) {
          row(i, b, h, gradient);
        }
      }
    }
  }

  private void row(int i, int b, int h, double[] dOut) {
    int row = (i * batch + b) * heads + h;
    int seen = causal ? Math.min(keys, i + 1) : keys;
    double[] score = new double[seen];
    for (int j = 0; j < seen; j++) {
      score[j] = dot(q, row * headSize, k, key(j, b, h)) / Math.sqrt(headSize);
    }
    double max = Arrays.stream(score).max().orElse(Double.NEGATIVE_INFINITY);
    double sum = Arrays.stream(score).map(s -> Math.exp(s - max)).sum();
    logSumExp[row] = seen == 0 ? Double.NEGATIVE_INFINITY : max + Math.log(sum);
    for (int j = 0; j < seen; j++) {
      for (int d = 0; d < headSize; d++) {
        out[row * headSize + d] += Math.exp(score[j] - logSumExp[row]) * v[key(j, b, h) + d];
      }
    }
    double common = dot(out, row * headSize, dOut, row * headSize);
    for (int j = 0; j < seen; j++) {
      int key = key(j, b, h);
      double probability = Math.exp(score[j] - logSumExp[row]);
      double dScore =
          probability * (dot(dOut, row * headSize, v, key) - common) / Math.sqrt(headSize);
      for (int d = 0; d < headSize; d++) {
        dq[row * headSize + d] += dScore * k[key + d];
        dk[key + d] += dScore * q[row * headSize + d];
        dv[key + d] += probability * dOut[row * headSize + d];
      }
    }
  }

  private int key(int j, int b, int h) {
    return ((j * batch + b) * keyValueHeads + h / (heads / keyValueHeads)) * headSize;
  }

  private double dot(double[] a, int fromA, double[] b, int fromB) {
    double sum = 0;
    for (int d = 0; d < headSize; d++) {
      sum += a[fromA + d] * b[fromB + d];
    }
    return sum;
  }
}
