package ringattention.validate;

import ringattention.shard.Documents;

/**
 * Vanilla attention in float64 of one query head over the key/value head it reads, one row or
 * column of the score matrix at a time.
 *
 * @param causal whether query i sees no keys behind i
 * @param documents that do not see each other
 * @param query [length, headSize], as are the others
 */
record HeadTruth(
    int length,
    int headSize,
    boolean causal,
    Documents documents,
    float[] query,
    float[] key,
    float[] value,
    float[] dOut) {
  /**
   * Attention of one query, and its gradient.
   *
   * @param out [.., headSize] with zeros at {@code at}, where the output goes
   * @param dQuery as out
   * @return log-sum-exp, and the row sum of dO * O
   */
  double[] query(int position, double[] out, double[] dQuery, int at) {
    int first = documents.first(position);
    int keys = (causal ? position + 1 : documents.end(position, length)) - first;
    double[] probabilities = new double[keys];
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < keys; j++) {
      probabilities[j] = score(position, first + j);
      largest = Math.max(largest, probabilities[j]);
    }
    double sum = 0;
    for (int j = 0; j < keys; j++) {
      sum += Math.exp(probabilities[j] - largest);
    }
    double logSumExp = largest + Math.log(sum);
    for (int j = 0; j < keys; j++) {
      probabilities[j] = Math.exp(probabilities[j] - logSumExp);
      add(out, at, probabilities[j], value, first + j);
    }
    double delta = 0;
    for (int i = 0; i < headSize; i++) {
      delta += dOut[position * headSize + i] * out[at + i];
    }
    for (int j = 0; j < keys; j++) {
      double dScore = probabilities[j] * (dot(dOut, position, value, first + j) - delta);
      add(dQuery, at, dScore / Math.sqrt(headSize), key, first + j);
    }
    return new double[] {logSumExp, delta};
  }

  /**
   * Adds what this query head gives to the gradients of one key and value.
   *
   * @param logSumExp of every query, [length]
   * @param delta row sums of dO * O, [length]
   */
  void key(
      int position, double[] logSumExp, double[] delta, double[] dKey, double[] dValue, int at) {
    int first = causal ? position : documents.first(position);
    int end = documents.end(position, length);
    for (int i = first; i < end; i++) {
      double probability = Math.exp(score(i, position) - logSumExp[i]);
      add(dValue, at, probability, dOut, i);
      double dScore = probability * (dot(dOut, i, value, position) - delta[i]);
      add(dKey, at, dScore / Math.sqrt(headSize), query, i);
    }
  }

  private double score(int queryPosition, int keyPosition) {
    return dot(query, queryPosition, key, keyPosition) / Math.sqrt(headSize);
  }

  private double dot(float[] a, int rowOfA, float[] b, int rowOfB) {
    int atA = rowOfA * headSize;
    int atB = rowOfB * headSize;
    double sum = 0;
    for (int i = 0; i < headSize; i++) {
      sum += (double) a[atA + i] * b[atB + i];
    }
    return sum;
  }

  private void add(double[] to, int at, double factor, float[] from, int row) {
    for (int i = 0; i < headSize; i++) {
      to[at + i] += factor * from[row * headSize + i];
    }
  }
}
