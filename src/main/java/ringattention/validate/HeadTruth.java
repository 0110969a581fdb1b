package ringattention.validate;

/**
 * Vanilla attention in float64 of one query head over the key/value head it reads, one row or
 * column of the score matrix at a time.
 *
 * @param causal whether query i sees keys 0 to i only
 * @param query [length, headSize], as are the others
 */
record HeadTruth(
    int length,
    int headSize,
    boolean causal,
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
    int keys = causal ? position + 1 : length;
    double[] probabilities = new double[keys];
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < keys; j++) {
      probabilities[j] = score(position, j);
      largest = Math.max(largest, probabilities[j]);
    }
    double sum = 0;
    for (int j = 0; j < keys; j++) {
      sum += Math.exp(probabilities[j] - largest);
    }
    double logSumExp = largest + Math.log(sum);
    for (int j = 0; j < keys; j++) {
      probabilities[j] = Math.exp(probabilities[j] - logSumExp);
      add(out, at, probabilities[j], value, j);
    }
    double delta = 0;
    for (int i = 0; i < headSize; i++) {
      delta += dOut[position * headSize + i] * out[at + i];
    }
    for (int j = 0; j < keys; j++) {
      double dScore = probabilities[j] * (dot(dOut, position, value, j) - delta);
      add(dQuery, at, dScore / Math.sqrt(headSize), key, j);
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
    for (int i = causal ? position : 0; i < length; i++) {
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
