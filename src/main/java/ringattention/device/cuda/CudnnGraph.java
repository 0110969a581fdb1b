package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudnn.*;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A graph of cuDNN operations, built one by one, that becomes a plan. Dimensions and strides count
 * elements and are always four; the last dimension or the one before has stride 1. Sums are in
 * fp32.
 */
final class CudnnGraph implements AutoCloseable {
  static final int FLOAT = CUDNN_DATA_FLOAT;
  static final int BF16 = CUDNN_DATA_BFLOAT16;
  static final int INT = CUDNN_DATA_INT32;
  static final int BOOLEAN = CUDNN_DATA_BOOLEAN;

  private static final long ALIGNMENT = 16; // bytes
  private static final long FIRST_DETERMINISTIC_REDUCTION = 91100; // version that has the attribute

  /**
   * What operations read and write.
   *
   * @param id unique in the graph
   */
  record Tensor(long id, CudnnDescriptor descriptor) {}

  /** A number that every call passes from the host. */
  record Scalar(long id, FloatPointer value) {}

  private final List<CudnnDescriptor> owned = new ArrayList<>();
  private final List<CudnnDescriptor> operations = new ArrayList<>();
  private final List<Long> real = new ArrayList<>(); // ids, in order of declaration
  private final List<Scalar> scalars = new ArrayList<>();
  private long tensors;

  /** A tensor in device memory, whose address each call of the plan gives. */
  Tensor real(int type, long[] dims, long[] strides) {
    Tensor tensor = tensor(type, dims, strides, false, false);
    real.add(tensor.id());
    return tensor;
  }

  /** A tensor that only exists inside the plan. */
  Tensor virtual(int type, long[] dims, long[] strides) {
    return tensor(type, dims, strides, true, false);
  }

  Tensor scalar(float value) {
    long[] one = {1, 1, 1, 1};
    Tensor tensor = tensor(FLOAT, one, one, false, true);
    scalars.add(new Scalar(tensor.id(), new FloatPointer(1).put(value)));
    return tensor;
  }

  private Tensor tensor(int type, long[] dims, long[] strides, boolean virtual, boolean byValue) {
    long id = ++tensors;
    CudnnDescriptor descriptor =
        create(CUDNN_BACKEND_TENSOR_DESCRIPTOR, "tensor " + id)
            .setEnum(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type)
            .setLongs(CUDNN_ATTR_TENSOR_DIMENSIONS, dims)
            .setLongs(CUDNN_ATTR_TENSOR_STRIDES, strides)
            .setLongs(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
            .setLongs(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT);
    if (virtual) {
      descriptor.setBoolean(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true);
    }
    if (byValue) {
      descriptor.setBoolean(CUDNN_ATTR_TENSOR_IS_BY_VALUE, true);
    }
    return new Tensor(id, descriptor.complete());
  }

  /** c = a b. */
  void matmul(Tensor a, Tensor b, Tensor c) {
    CudnnDescriptor product =
        create(CUDNN_BACKEND_MATMUL_DESCRIPTOR, "matmul")
            .setEnum(CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, FLOAT)
            .complete();
    add(
        create(CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR, "matmul operation")
            .setDescriptor(CUDNN_ATTR_OPERATION_MATMUL_ADESC, a.descriptor())
            .setDescriptor(CUDNN_ATTR_OPERATION_MATMUL_BDESC, b.descriptor())
            .setDescriptor(CUDNN_ATTR_OPERATION_MATMUL_CDESC, c.descriptor())
            .setDescriptor(CUDNN_ATTR_OPERATION_MATMUL_DESC, product));
  }

  /**
   * y = mode(x), in fp32.
   *
   * @param mode one of CUDNN_POINTWISE_*
   */
  void pointwise(int mode, Tensor x, Tensor y) {
    add(pointwise(mode, FLOAT, x, y));
  }

  /** y = x mode b, in fp32. */
  void pointwise(int mode, Tensor x, Tensor b, Tensor y) {
    add(
        pointwise(mode, FLOAT, x, y)
            .setDescriptor(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b.descriptor()));
  }

  /** y = x >= b, a BOOLEAN. */
  void greaterOrEqual(Tensor x, Tensor b, Tensor y) {
    add(
        pointwise(CUDNN_POINTWISE_CMP_GE, BOOLEAN, x, y)
            .setDescriptor(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b.descriptor()));
  }

  /** y = condition ? x : otherwise. */
  void select(Tensor condition, Tensor x, Tensor otherwise, Tensor y) {
    add(
        pointwise(CUDNN_POINTWISE_BINARY_SELECT, FLOAT, x, y)
            .setDescriptor(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, otherwise.descriptor())
            .setDescriptor(CUDNN_ATTR_OPERATION_POINTWISE_TDESC, condition.descriptor()));
  }

  /** y = each element's index along a dimension of x, an INT. */
  void index(int axis, Tensor x, Tensor y) {
    CudnnDescriptor mode =
        pointwiseMode(CUDNN_POINTWISE_GEN_INDEX, FLOAT).setLongs(CUDNN_ATTR_POINTWISE_AXIS, axis);
    add(pointwise(mode, x, y));
  }

  private CudnnDescriptor pointwise(int mode, int type, Tensor x, Tensor y) {
    return pointwise(pointwiseMode(mode, type), x, y);
  }

  private CudnnDescriptor pointwiseMode(int mode, int type) {
    return create(CUDNN_BACKEND_POINTWISE_DESCRIPTOR, "pointwise " + mode)
        .setEnum(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, mode)
        .setEnum(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, type);
  }

  private CudnnDescriptor pointwise(CudnnDescriptor mode, Tensor x, Tensor y) {
    return create(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, "pointwise operation")
        .setDescriptor(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, mode.complete())
        .setDescriptor(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x.descriptor())
        .setDescriptor(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y.descriptor())
        .setFloat(CUDNN_ATTR_OPERATION_POINTWISE_ALPHA1, 1)
        .setFloat(CUDNN_ATTR_OPERATION_POINTWISE_ALPHA2, 1);
  }

  /**
   * y = x reduced to the dimensions of y.
   *
   * @param operator one of CUDNN_REDUCE_TENSOR_*
   */
  void reduce(int operator, Tensor x, Tensor y) {
    CudnnDescriptor reduction =
        create(CUDNN_BACKEND_REDUCTION_DESCRIPTOR, "reduction")
            .setEnum(CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, FLOAT)
            .setEnum(CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, operator);
    if (Cudnn.version() >= FIRST_DETERMINISTIC_REDUCTION) {
      reduction.setBoolean(CUDNN_ATTR_REDUCTION_IS_DETERMINISTIC, false);
    }
    add(
        create(CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR, "reduction operation")
            .setDescriptor(CUDNN_ATTR_OPERATION_REDUCTION_DESC, reduction.complete())
            .setDescriptor(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, x.descriptor())
            .setDescriptor(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, y.descriptor()));
  }

  /** y = the elements of x, seen under the dimensions and strides of y. */
  void reshape(Tensor x, Tensor y) {
    add(
        create(CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR, "reshape operation")
            .setDescriptor(CUDNN_ATTR_OPERATION_RESHAPE_XDESC, x.descriptor())
            .setDescriptor(CUDNN_ATTR_OPERATION_RESHAPE_YDESC, y.descriptor()));
  }

  /**
   * The first plan that cuDNN's heuristics offer and that can be completed, which compiles it. It
   * takes over everything of this graph.
   *
   * @throws CudaException if there is none; the message says what cuDNN said of each
   */
  CudnnPlan plan(Cudnn cudnn) {
    CudnnDescriptor graph =
        create(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "operation graph")
            .setDescriptors(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations)
            .setHandle(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, cudnn)
            .complete();
    List<String> refusals = new ArrayList<>();
    for (int mode : new int[] {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
      for (CudnnDescriptor engine : engines(graph, mode, refusals)) {
        try {
          CudnnDescriptor plan =
              create(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, "plan")
                  .setDescriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, engine)
                  .setHandle(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, cudnn)
                  .complete();
          return new CudnnPlan(cudnn, this, plan, real, scalars);
        } catch (CudaException e) {
          refusals.add(e.getMessage());
        }
      }
    }
    throw new CudaException(
        refusals.isEmpty() ? "cuDNN offers no engine" : String.join("; ", refusals));
  }

  private List<CudnnDescriptor> engines(CudnnDescriptor graph, int mode, List<String> refusals) {
    try {
      CudnnDescriptor heuristics =
          create(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, "heuristics " + mode)
              .setDescriptor(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
              .setEnum(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode)
              .complete();
      List<CudnnDescriptor> engines = new ArrayList<>();
      for (int i = heuristics.count(CUDNN_ATTR_ENGINEHEUR_RESULTS); i > 0; i--) {
        engines.add(create(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, "engine"));
      }
      int offered = engines.isEmpty() ? 0 : heuristics.fill(CUDNN_ATTR_ENGINEHEUR_RESULTS, engines);
      return engines.subList(0, offered); // which may be fewer than it counted
    } catch (CudaException e) {
      refusals.add(e.getMessage());
      return List.of();
    }
  }

  private CudnnDescriptor create(int type, String name) {
    CudnnDescriptor descriptor = new CudnnDescriptor(type, name);
    owned.add(descriptor);
    return descriptor;
  }

  private void add(CudnnDescriptor operation) {
    operations.add(operation.complete());
  }

  /** After the plan, if there is one: its engine may still read the graph. */
  @Override
  public void close() {
    for (int i = owned.size() - 1; i >= 0; i--) {
      owned.get(i).close();
    }
    owned.clear();
    scalars.forEach(scalar -> scalar.value().close());
    scalars.clear();
  }
}
