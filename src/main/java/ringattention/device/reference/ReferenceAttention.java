package ringattention.device.reference;

import static ringattention.device.reference.ReferenceDevice.doubles;

import java.nio.DoubleBuffer;
import ringattention.device.BlockAttention;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/**
 * Attention as its formulas. {@link #vanillaForward} is the truth; the block form is compared with
 * it in tests.
 */
final class ReferenceAttention implements BlockAttention {
  @Override
  public void vanillaForward(
      Tensor q, Tensor k, Tensor v, Mask mask, Tensor probabilities, Tensor out, Tensor logSumExp) {
    Extents extents = Extents.of(q, k);
    scores(extents, doubles(q), doubles(k), mask, doubles(probabilities));
    softmax(extents, doubles(probabilities), doubles(logSumExp));
    output(extents, doubles(probabilities), doubles(v), doubles(out));
  }

  private static void scores(
      Extents x, DoubleBuffer q, DoubleBuffer k, Mask mask, DoubleBuffer scores) {
    for (int b = 0; b < x.batch(); b++) {
      for (int h = 0; h < x.heads().query(); h++) {
        for (int i = 0; i < x.queries(); i++) {
          for (int j = 0; j < x.keys(); j++) {
            double score =
                j < x.visible(i, mask)
                    ? x.scale() * dot(q, x.query(i, b, h), k, x.key(j, b, h), x.heads().size())
                    : Double.NEGATIVE_INFINITY;
            scores.put(x.scores(i, b, h) + j, score);
          }
        }
      }
    }
  }

  private static void softmax(Extents x, DoubleBuffer scores, DoubleBuffer logSumExp) {
    double[] row = new double[x.keys()];
    for (int b = 0; b < x.batch(); b++) {
      for (int h = 0; h < x.heads().query(); h++) {
        for (int i = 0; i < x.queries(); i++) {
          scores.get(x.scores(i, b, h), row);
          logSumExp.put(x.row(i, b, h), softmax(row, x.keys()));
          scores.put(x.scores(i, b, h), row);
        }
      }
    }
  }

  private static void output(
      Extents x, DoubleBuffer probabilities, DoubleBuffer v, DoubleBuffer out) {
    for (int b = 0; b < x.batch(); b++) {
      for (int h = 0; h < x.heads().query(); h++) {
        for (int i = 0; i < x.queries(); i++) {
          clear(out, x.query(i, b, h), x.heads().size());
          for (int j = 0; j < x.keys(); j++) {
            double probability = probabilities.get(x.scores(i, b, h) + j);
            addScaled(out, x.query(i, b, h), probability, v, x.key(j, b, h), x.heads().size());
          }
        }
      }
    }
  }

  @Override
  public void vanillaBackward(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor probabilities,
      Tensor dOut,
      Tensor dScores,
      Tensor dq,
      Tensor dk,
      Tensor dv) {
    Extents x = Extents.of(q, k);
    DoubleBuffer query = doubles(q);
    DoubleBuffer key = doubles(k);
    DoubleBuffer value = doubles(v);
    DoubleBuffer probability = doubles(probabilities);
    DoubleBuffer dOutput = doubles(dOut);
    DoubleBuffer dScore = doubles(dScores);
    DoubleBuffer dQuery = doubles(dq);
    DoubleBuffer dKey = doubles(dk);
    DoubleBuffer dValue = doubles(dv);
    for (int b = 0; b < x.batch(); b++) {
      for (int h = 0; h < x.heads().query(); h++) {
        for (int i = 0; i < x.queries(); i++) {
          int qi = x.query(i, b, h);
          int row = x.scores(i, b, h);
          double mean = 0; // of the gradients of the probabilities, weighted by them
          for (int j = 0; j < x.keys(); j++) {
            double p = probability.get(row + j);
            double dProbability = dot(dOutput, qi, value, x.key(j, b, h), x.heads().size());
            addScaled(dValue, x.key(j, b, h), p, dOutput, qi, x.heads().size());
            dScore.put(row + j, dProbability);
            mean += p * dProbability;
          }
          for (int j = 0; j < x.keys(); j++) {
            double ds = x.scale() * probability.get(row + j) * (dScore.get(row + j) - mean);
            dScore.put(row + j, ds);
            addScaled(dQuery, qi, ds, key, x.key(j, b, h), x.heads().size());
            addScaled(dKey, x.key(j, b, h), ds, query, qi, x.heads().size());
          }
        }
      }
    }
  }

  @Override
  public void forward(Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor logSumExp) {
    Extents x = Extents.of(q, k);
    DoubleBuffer query = doubles(q);
    DoubleBuffer key = doubles(k);
    DoubleBuffer value = doubles(v);
    DoubleBuffer output = doubles(out);
    DoubleBuffer lse = doubles(logSumExp);
    double[] row = new double[x.keys()];
    for (int b = 0; b < x.batch(); b++) {
      for (int h = 0; h < x.heads().query(); h++) {
        for (int i = 0; i < x.queries(); i++) {
          int qi = x.query(i, b, h);
          int visible = x.visible(i, mask);
          for (int j = 0; j < visible; j++) {
            row[j] = x.scale() * dot(query, qi, key, x.key(j, b, h), x.heads().size());
          }
          lse.put(x.row(i, b, h), softmax(row, visible));
          clear(output, qi, x.heads().size());
          for (int j = 0; j < visible; j++) {
            addScaled(output, qi, row[j], value, x.key(j, b, h), x.heads().size());
          }
        }
      }
    }
  }

  @Override
  public void merge(
      Tensor total, Tensor logSumExp, Tensor blockOut, Tensor blockLogSumExp, Tensor out) {
    int headSize = Math.toIntExact(out.dim(3));
    DoubleBuffer before = doubles(total);
    DoubleBuffer after = doubles(out);
    DoubleBuffer lse = doubles(logSumExp);
    DoubleBuffer block = doubles(blockOut);
    DoubleBuffer blockLse = doubles(blockLogSumExp);
    for (int row = 0; row < lse.limit(); row++) {
      double merged = logAddExp(lse.get(row), blockLse.get(row));
      if (merged == Double.NEGATIVE_INFINITY) {
        clear(after, row * headSize, headSize); // neither has seen a key
        continue;
      }
      double keep = Math.exp(lse.get(row) - merged);
      double take = Math.exp(blockLse.get(row) - merged);
      // who saw nothing may hold anything; a factor of 0 alone must not hide another's NaN
      boolean first = lse.get(row) == Double.NEGATIVE_INFINITY;
      boolean nothing = blockLse.get(row) == Double.NEGATIVE_INFINITY;
      for (int d = row * headSize; d < (row + 1) * headSize; d++) {
        double kept = first ? 0 : keep * before.get(d);
        after.put(d, kept + (nothing ? 0 : take * block.get(d)));
      }
      lse.put(row, merged);
    }
  }

  @Override
  public void backward(
      Tensor q,
      Tensor k,
      Tensor v,
      Mask mask,
      Tensor out,
      Tensor logSumExp,
      Tensor dOut,
      Heads heads,
      Gradients into) {
    Extents x = Extents.of(q, k);
    DoubleBuffer query = doubles(q);
    DoubleBuffer key = doubles(k);
    DoubleBuffer value = doubles(v);
    DoubleBuffer output = doubles(out);
    DoubleBuffer lse = doubles(logSumExp);
    DoubleBuffer dOutput = doubles(dOut);
    DoubleBuffer dQuery = doubles(into.dq());
    DoubleBuffer dKey = doubles(into.dk());
    DoubleBuffer dValue = doubles(into.dv());
    int group = x.heads().group();
    if (!into.addQuery()) {
      clearHeads(
          x.queries(), x, group * heads.from(), group * heads.to(), x.heads().query(), dQuery);
    }
    if (!into.addKeyValue()) {
      clearHeads(x.keys(), x, heads.from(), heads.to(), x.heads().keyValue(), dKey);
      clearHeads(x.keys(), x, heads.from(), heads.to(), x.heads().keyValue(), dValue);
    }
    for (int b = 0; b < x.batch(); b++) {
      for (int h = heads.from() * group; h < heads.to() * group; h++) {
        for (int i = 0; i < x.queries(); i++) {
          int qi = x.query(i, b, h);
          double mean =
              dot(dOutput, qi, output, qi, x.heads().size()); // over the keys of all blocks
          for (int j = 0; j < x.visible(i, mask); j++) {
            int kj = x.key(j, b, h);
            double score = x.scale() * dot(query, qi, key, kj, x.heads().size());
            double probability = Math.exp(score - lse.get(x.row(i, b, h)));
            double dProbability = dot(dOutput, qi, value, kj, x.heads().size());
            double dScore = x.scale() * probability * (dProbability - mean);
            addScaled(dValue, kj, probability, dOutput, qi, x.heads().size());
            addScaled(dQuery, qi, dScore, key, kj, x.heads().size());
            addScaled(dKey, kj, dScore, query, qi, x.heads().size());
          }
        }
      }
    }
  }

  private static void clearHeads(
      int tokens, Extents x, int from, int to, int heads, DoubleBuffer gradient) {
    for (int row = 0; row < tokens * x.batch(); row++) {
      clear(gradient, (row * heads + from) * x.heads().size(), (to - from) * x.heads().size());
    }
  }

  /**
   * Replaces the first scores by their softmax and returns their log-sum-exp: minus infinity where
   * there are none.
   */
  private static double softmax(double[] scores, int count) {
    double maximum = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < count; j++) {
      maximum = Math.max(maximum, scores[j]);
    }
    double sum = 0;
    for (int j = 0; j < count; j++) {
      scores[j] = Math.exp(scores[j] - maximum);
      sum += scores[j];
    }
    for (int j = 0; j < count; j++) {
      scores[j] /= sum;
    }
    return maximum + Math.log(sum);
  }

  private static double logAddExp(double a, double b) {
    double larger = Math.max(a, b);
    if (larger == Double.NEGATIVE_INFINITY) {
      return larger;
    }
    return larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
  }

  private static double dot(DoubleBuffer a, int atA, DoubleBuffer b, int atB, int length) {
    double sum = 0;
    for (int d = 0; d < length; d++) {
      sum += a.get(atA + d) * b.get(atB + d);
    }
    return sum;
  }

  private static void addScaled(
      DoubleBuffer to, int at, double factor, DoubleBuffer from, int fromAt, int length) {
    for (int d = 0; d < length; d++) {
      to.put(at + d, to.get(at + d) + factor * from.get(fromAt + d));
    }
  }

  private static void clear(DoubleBuffer x, int at, int length) {
    for (int d = 0; d < length; d++) {
      x.put(at + d, 0);
    }
  }
}
