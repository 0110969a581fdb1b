package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_ADD;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_DIV;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_EXP;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_LOG;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_MUL;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_SUB;
import static org.bytedeco.cuda.global.cudnn.CUDNN_REDUCE_TENSOR_ADD;
import static org.bytedeco.cuda.global.cudnn.CUDNN_REDUCE_TENSOR_MAX;
import static ringattention.device.cuda.CudnnGraph.BF16;
import static ringattention.device.cuda.CudnnGraph.BOOLEAN;
import static ringattention.device.cuda.CudnnGraph.FLOAT;
import static ringattention.device.cuda.CudnnGraph.INT;

import ringattention.device.cuda.CudnnGraph.Tensor;
import ringattention.shard.Mask;

/**
 * The forward of attention as cuDNN's fused engine recognises it: the operations and their order
 * are its pattern, and another form of the same mathematics has no engine.
 */
final class FusedForward {
  private FusedForward() {}

  /** Its tensors: q, k, v, out, and stats [batch, heads, queries], dense fp32. */
  static CudnnPlan plan(Cudnn cudnn, FusedShape shape) {
    CudnnGraph graph = new CudnnGraph();
    try {
      build(graph, shape);
      return graph.plan(cudnn);
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  private static void build(CudnnGraph graph, FusedShape shape) {
    long[] scoreDims = shape.scoreDims();
    long[] scoreStrides = FusedShape.packed(scoreDims);
    long[] rowDims = shape.rowDims();
    long[] rowStrides = FusedShape.packed(rowDims);
    Tensor q = graph.real(BF16, shape.queryDims(), shape.queryStrides());
    Tensor keyTransposed =
        graph.real(
            BF16,
            FusedShape.transposed(shape.keyDims()),
            FusedShape.transposed(shape.keyStrides()));
    Tensor v = graph.real(BF16, shape.keyDims(), shape.keyStrides());
    Tensor out = graph.real(BF16, shape.queryDims(), shape.queryStrides());
    Tensor stats = graph.real(FLOAT, rowDims, rowStrides);

    Tensor product = graph.virtual(FLOAT, scoreDims, scoreStrides);
    Tensor scaled = graph.virtual(FLOAT, scoreDims, scoreStrides);
    graph.matmul(q, keyTransposed, product);
    graph.pointwise(CUDNN_POINTWISE_MUL, product, graph.scalar(shape.scale()), scaled);
    Tensor scores = masked(graph, shape, scaled);

    Tensor max = graph.virtual(FLOAT, rowDims, rowStrides);
    Tensor below = graph.virtual(FLOAT, scoreDims, scoreStrides);
    Tensor exponentials = graph.virtual(FLOAT, scoreDims, scoreStrides);
    Tensor sum = graph.virtual(FLOAT, rowDims, rowStrides);
    Tensor logarithm = graph.virtual(FLOAT, rowDims, rowStrides);
    Tensor probabilities = graph.virtual(BF16, scoreDims, scoreStrides);
    graph.reduce(CUDNN_REDUCE_TENSOR_MAX, scores, max);
    graph.pointwise(CUDNN_POINTWISE_SUB, scores, max, below);
    graph.pointwise(CUDNN_POINTWISE_EXP, below, exponentials);
    graph.reduce(CUDNN_REDUCE_TENSOR_ADD, exponentials, sum);
    graph.pointwise(CUDNN_POINTWISE_LOG, sum, logarithm);
    graph.pointwise(CUDNN_POINTWISE_ADD, max, logarithm, stats);
    graph.pointwise(CUDNN_POINTWISE_DIV, exponentials, sum, probabilities);
    graph.matmul(probabilities, v, out);
  }

  /** Minus infinity where the query does not see the key. */
  static Tensor masked(CudnnGraph graph, FusedShape shape, Tensor scores) {
    if (shape.mask() == Mask.FULL) {
      return scores;
    }
    long[] dims = shape.scoreDims();
    long[] strides = FusedShape.packed(dims);
    Tensor query = graph.virtual(INT, dims, strides);
    Tensor key = graph.virtual(INT, dims, strides);
    Tensor sees = graph.virtual(BOOLEAN, dims, strides);
    Tensor masked = graph.virtual(FLOAT, dims, strides);
    graph.index(2, scores, query);
    graph.index(3, scores, key);
    graph.greaterOrEqual(query, key, sees);
    graph.select(sees, scores, graph.scalar(Float.NEGATIVE_INFINITY), masked);
    return masked;
  }
}
