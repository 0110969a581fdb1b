package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_EXP;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_IDENTITY;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_MUL;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_SUB;
import static org.bytedeco.cuda.global.cudnn.CUDNN_REDUCE_TENSOR_ADD;
import static ringattention.device.cuda.CudnnGraph.BF16;
import static ringattention.device.cuda.CudnnGraph.FLOAT;
import static ringattention.device.cuda.FusedShape.packed;
import static ringattention.device.cuda.FusedShape.transposed;

import ringattention.device.cuda.CudnnGraph.Tensor;

/**
 * The backward of attention as cuDNN's fused engine recognises it. With P = exp(scale q k^T -
 * stats) and D the row sums of dOut * out: dv = P^T dOut, dS = scale P (dOut v^T - D), dq = dS k,
 * dk = dS^T q. Its stats and out are those of the whole sequence, so P and D are too.
 */
final class FusedBackward {
  private final CudnnGraph graph = new CudnnGraph();
  private final FusedShape shape;
  private final long[] scoreDims;
  private final long[] scoreStrides;

  private FusedBackward(FusedShape shape) {
    this.shape = shape;
    this.scoreDims = shape.scoreDims();
    this.scoreStrides = packed(scoreDims);
  }

  /**
   * Its tensors: q, k, v, out, dOut, stats and scratch for D, both [batch, heads, queries] dense
   * fp32, dq, dk, dv without the heads in memory that the call does not take, and, unless
   * deterministic, scratch for dq [batch, heads, queries, headSize] dense fp32.
   */
  static CudnnPlan plan(Cudnn cudnn, FusedShape shape) {
    FusedBackward backward = new FusedBackward(shape);
    try {
      backward.build();
      return backward.graph.plan(cudnn);
    } catch (RuntimeException e) {
      backward.graph.close();
      throw e;
    }
  }

  private void build() {
    long[] queryDims = shape.queryDims();
    long[] keyDims = shape.keyDims();
    long[] transposedDims = transposed(keyDims);
    long[] transposedStrides = transposed(shape.keyStrides());
    long[] rowDims = shape.rowDims();
    Tensor q = graph.real(BF16, queryDims, shape.queryStrides());
    Tensor keyTransposed = graph.real(BF16, transposedDims, transposedStrides);
    Tensor valueTransposed = graph.real(BF16, transposedDims, transposedStrides);
    Tensor out = graph.real(BF16, queryDims, shape.queryStrides());
    Tensor dOut = graph.real(BF16, queryDims, shape.queryStrides());
    Tensor stats = graph.real(FLOAT, rowDims, packed(rowDims));
    Tensor mean = graph.real(FLOAT, rowDims, packed(rowDims));
    Tensor dq = graph.real(BF16, queryDims, shape.queryGradientStrides());
    Tensor dk = graph.real(BF16, keyDims, shape.keyGradientStrides());
    Tensor dv = graph.real(BF16, keyDims, shape.keyGradientStrides());
    Tensor scale = graph.scalar(shape.scale());

    rowSums(dOut, out, mean);

    Tensor product = scores();
    Tensor scaled = scores();
    Tensor exponents = scores();
    Tensor probabilities = scores();
    graph.matmul(q, keyTransposed, product);
    graph.pointwise(CUDNN_POINTWISE_MUL, product, scale, scaled);
    graph.pointwise(CUDNN_POINTWISE_SUB, scaled, stats, exponents);
    graph.pointwise(
        CUDNN_POINTWISE_EXP, FusedForward.masked(graph, shape, exponents), probabilities);
    keyGradient(probabilities, dOut, dv);

    Tensor dProbabilities = scores();
    Tensor centred = scores();
    Tensor weighted = scores();
    Tensor dScores = scores();
    graph.matmul(dOut, valueTransposed, dProbabilities);
    graph.pointwise(CUDNN_POINTWISE_SUB, dProbabilities, mean, centred);
    graph.pointwise(CUDNN_POINTWISE_MUL, centred, probabilities, weighted);
    graph.pointwise(CUDNN_POINTWISE_MUL, weighted, scale, dScores);
    keyGradient(dScores, q, dk);

    Tensor k = graph.virtual(BF16, keyDims, shape.keyStrides());
    graph.reshape(keyTransposed, k);
    if (shape.deterministic()) {
      graph.matmul(dScores, k, dq);
    } else {
      // the form of the graph selects the algorithm: blocks of keys add to this sum atomically
      Tensor sum = graph.real(FLOAT, queryDims, packed(queryDims));
      graph.matmul(dScores, k, sum);
      graph.pointwise(CUDNN_POINTWISE_IDENTITY, sum, dq);
    }
  }

  /** mean = sum over the head of dOut * out. */
  private void rowSums(Tensor dOut, Tensor out, Tensor mean) {
    long[] dims = shape.queryDims();
    long[] rowDims = shape.rowDims();
    // these strides overlap; the product never is in memory, and the engine knows it by them
    long[] strides = {dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[1] * dims[3], 1};
    Tensor products = graph.virtual(FLOAT, dims, strides);
    Tensor sums = graph.virtual(FLOAT, rowDims, packed(rowDims));
    graph.pointwise(CUDNN_POINTWISE_MUL, dOut, out, products);
    graph.reduce(CUDNN_REDUCE_TENSOR_ADD, products, sums);
    graph.pointwise(CUDNN_POINTWISE_MUL, sums, graph.scalar(1), mean);
  }

  /** gradient = scores^T right, summed over the query heads that share a key/value head. */
  private void keyGradient(Tensor ofScores, Tensor right, Tensor gradient) {
    Tensor transposedScores = graph.virtual(BF16, transposed(scoreDims), transposed(scoreStrides));
    graph.reshape(ofScores, transposedScores);
    if (shape.block().heads().group() == 1) {
      graph.matmul(transposedScores, right, gradient);
      return;
    }
    long[] dims = shape.keyDims();
    dims[1] = shape.block().heads().query();
    Tensor ofEachHead = graph.virtual(BF16, dims, packed(dims));
    graph.matmul(transposedScores, right, ofEachHead);
    graph.reduce(CUDNN_REDUCE_TENSOR_ADD, ofEachHead, gradient);
  }

  private Tensor scores() {
    return graph.virtual(FLOAT, scoreDims, scoreStrides);
  }
}
