package ringattention.device;

/**
 * Everything a Transformer computes beside attention. {@code rows} means all leading dimensions
 * together. Unless said otherwise arguments are {@link Device#compute} and outputs are overwritten;
 * outputs may alias an input of the same shape only where said.
 */
public interface Kernels {
  /** Sets every element. */
  void fill(Tensor to, double value);

  /** Copies, converting the element type where it differs. Same number of elements. */
  void copy(Tensor from, Tensor to);

  /** to += from, of any two floating types. */
  void add(Tensor to, Tensor from);

  /**
   * to[i] = (float) (standardDeviation * {@link NormalNumbers#at}(stream, first + i)): the same
   * numbers on every device, but for rare last bits.
   *
   * @param to sum type, any shape
   */
  void normal(Tensor to, long stream, long first, double standardDeviation);

  /**
   * Copies some heads of every row into some heads of another tensor, converting between compute
   * and sum type where they differ. The other heads of {@code to} stay.
   *
   * @param from [tokens, batch, heads of from, headSize]
   * @param fromHead the first head to copy
   * @param to [tokens, batch, heads of to, headSize]
   * @param toHead where it goes
   * @param heads to copy
   */
  void copyHeads(Tensor from, int fromHead, Tensor to, int toHead, int heads);

  /**
   * c = op(a) op(b), or c += op(a) op(b) if {@code accumulate}. op transposes where asked. After
   * op: a [m, k], b [k, n], c [m, n]. c may be of the compute or the sum type.
   */
  void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c, boolean accumulate);

  /** x[row] += bias for every row; x [rows, width], bias [width]. */
  void addBias(Tensor x, Tensor bias);

  /**
   * Backward of {@link #addBias}: dBias += the sum of all rows of dX. The order of additions is
   * fixed.
   *
   * @param dX [rows, width]
   * @param dBias [width], sum type, added to
   */
  void addBiasBackward(Tensor dX, Tensor dBias);

  /**
   * RMSNorm: out = x / sqrt(mean(x^2) + epsilon) * weight. x, out [rows, hidden], weight [hidden];
   * out may alias x.
   */
  void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out);

  /**
   * Backward of {@link #rmsNorm}.
   *
   * @param dx [rows, hidden], added to
   * @param dWeight [hidden], sum type, added to
   */
  void rmsNormBackward(
      Tensor x, Tensor weight, double epsilon, Tensor dOut, Tensor dx, Tensor dWeight);

  /**
   * Rotary position embedding in place, Llama's pairing: element i < headSize/2 turns with element
   * i + headSize/2 by the angle position * frequencies[i] (Su et al. 2021), and both are multiplied
   * by the magnitude.
   *
   * @param x [sequence, batch, heads, headSize], compute or sum type
   * @param positions [sequence], I32, the global position of each row
   * @param table frequencies and magnitude
   * @param inverse turns the other way, and multiplies by the same magnitude: the backward
   */
  void rotate(Tensor x, Tensor positions, RotaryTable table, boolean inverse);

  /** SwiGLU: out = gate * sigmoid(gate) * up, all [rows, feedForward]; out may alias gate or up. */
  void swiGlu(Tensor gate, Tensor up, Tensor out);

  /**
   * Backward of {@link #swiGlu}; dGate may alias gate, dUp may alias up, neither may alias the
   * other's input.
   */
  void swiGluBackward(Tensor gate, Tensor up, Tensor dOut, Tensor dGate, Tensor dUp);

  /**
   * out[row] = table[tokens[row]].
   *
   * @param tokens [rows], I32, each in [0, vocabulary)
   * @param table [vocabulary, hidden]
   * @param out [rows, hidden]
   */
  void embed(Tensor tokens, Tensor table, Tensor out);

  /**
   * dTable[tokens[row]] += dOut[row]; dTable [vocabulary, hidden], sum type. The order of additions
   * is fixed.
   */
  void embedBackward(Tensor tokens, Tensor dOut, Tensor dTable);

  /**
   * Softmax cross-entropy of a block of rows. Adds the sum of -log softmax(logits)[label] to {@code
   * lossSum} and replaces the logits by the gradient {@code scale * (softmax(logits) -
   * onehot(label))}. Rows with label -1 count nothing and get a zero gradient.
   *
   * @param logits [rows, vocabulary]
   * @param labels [rows], I32
   * @param lossSum [1], sum type, added to, unscaled
   */
  void crossEntropy(Tensor logits, Tensor labels, double scale, Tensor lossSum);

  /**
   * Loss and hit of every row, logits left as they are: {@code -log softmax(logits)[label]}, and 1
   * if the label is the greedy prediction, the lowest index among the largest logits, otherwise 0.
   * Rows with label -1 get two zeros.
   *
   * @param logits [rows, vocabulary]
   * @param labels [rows], I32
   * @param losses [rows, 2], sum type: loss, then hit
   */
  void labelLosses(Tensor logits, Tensor labels, Tensor losses);

  /**
   * Squared error of a block of actions, which are the hyperbolic tangents of what is given. Of
   * every row with label 0, adds the mean over its numbers of {@code (tanh(z) - target)^2} to
   * {@code lossSum}, and replaces z by the gradient {@code scale * 2 / actions * (tanh(z) - target)
   * * (1 - tanh(z)^2)}. Rows with label -1 count nothing and get a zero gradient.
   *
   * @param z [rows, actions]
   * @param targets [rows, actions], sum type
   * @param labels [rows], I32, each 0 or -1
   * @param lossSum [1], sum type, added to, unscaled
   */
  void squaredError(Tensor z, Tensor targets, Tensor labels, double scale, Tensor lossSum);

  /**
   * Loss of every row of {@link #squaredError}, z left as it is. Nothing is hit exactly, so the
   * second number of a row is 0; rows with label -1 get two zeros.
   *
   * @param z [rows, actions]
   * @param targets [rows, actions], sum type
   * @param labels [rows], I32, each 0 or -1
   * @param losses [rows, 2], sum type: loss, then 0
   */
  void labelErrors(Tensor z, Tensor targets, Tensor labels, Tensor losses);

  /** Sum of squares of all elements, in double; waits for the device. */
  double sumOfSquares(Tensor x);

  /** Index of the first element that is not finite, or -1; waits for the device. */
  long firstNonFinite(Tensor x);

  /**
   * One AdamW update (Loshchilov and Hutter 2019, decoupled decay) of flat tensors of equal size,
   * all sum type: {@code g = gradientScale * gradient; m = beta1 m + (1-beta1) g; v = beta2 v +
   * (1-beta2) g^2; w -= learningRate (mHat / (sqrt(vHat) + epsilon) + weightDecay w)} with mHat = m
   * / (1 - beta1^step), vHat likewise.
   */
  void adamW(Tensor weight, Tensor momentum, Tensor variance, Tensor gradient, AdamW settings);

  /**
   * Settings of one update.
   *
   * @param step counted from 1
   * @param gradientScale multiplies the gradient first (global-norm clip)
   */
  record AdamW(
      double learningRate,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay,
      long step,
      double gradientScale) {}
}
