package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_BACKEND_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_BOOLEAN;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_FLOAT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_INT64;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendCreateDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendDestroyDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendFinalize;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendGetAttribute;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendSetAttribute;

import java.util.List;
import org.bytedeco.cuda.cudnn.cudnnBackendDescriptor_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A descriptor of cuDNN's backend: a bag of attributes, fixed by {@link #complete}. cuDNN copies
 * what an attribute is set to; descriptors that are set must be complete.
 */
final class CudnnDescriptor implements AutoCloseable {
  private final cudnnBackendDescriptor_t handle = new cudnnBackendDescriptor_t();
  private final String name;

  /**
   * @param type one of CUDNN_BACKEND_*_DESCRIPTOR
   * @param name for messages
   */
  CudnnDescriptor(int type, String name) {
    this.name = name;
    Cudnn.check(cudnnBackendCreateDescriptor(type, handle), name);
  }

  cudnnBackendDescriptor_t handle() {
    return handle;
  }

  CudnnDescriptor setLongs(int attribute, long... values) {
    try (LongPointer elements = new LongPointer(values)) {
      return set(attribute, CUDNN_TYPE_INT64, values.length, elements);
    }
  }

  CudnnDescriptor setFloat(int attribute, float value) {
    try (FloatPointer element = new FloatPointer(1).put(value)) {
      return set(attribute, CUDNN_TYPE_FLOAT, 1, element);
    }
  }

  CudnnDescriptor setBoolean(int attribute, boolean value) {
    try (BytePointer element = new BytePointer(1).put((byte) (value ? 1 : 0))) {
      return set(attribute, CUDNN_TYPE_BOOLEAN, 1, element);
    }
  }

  /**
   * @param type of the enumeration, one of CUDNN_TYPE_*
   */
  CudnnDescriptor setEnum(int attribute, int type, int value) {
    try (IntPointer element = new IntPointer(1).put(value)) {
      return set(attribute, type, 1, element);
    }
  }

  CudnnDescriptor setHandle(int attribute, Cudnn cudnn) {
    try (LongPointer element = new LongPointer(1).put(cudnn.handle().address())) {
      return set(attribute, CUDNN_TYPE_HANDLE, 1, element);
    }
  }

  CudnnDescriptor setDescriptors(int attribute, List<CudnnDescriptor> values) {
    try (LongPointer elements = addresses(values)) {
      return set(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, values.size(), elements);
    }
  }

  CudnnDescriptor setDescriptor(int attribute, CudnnDescriptor value) {
    return setDescriptors(attribute, List.of(value));
  }

  CudnnDescriptor set(int attribute, int type, long count, Pointer elements) {
    int status = cudnnBackendSetAttribute(handle, attribute, type, count, elements);
    if (status != 0) {
      Cudnn.check(status, "attribute " + attribute + " of " + name);
    }
    return this;
  }

  CudnnDescriptor complete() {
    Cudnn.check(cudnnBackendFinalize(handle), name);
    return this;
  }

  long getLong(int attribute) {
    try (LongPointer element = new LongPointer(1)) {
      get(attribute, CUDNN_TYPE_INT64, 1, element);
      return element.get();
    }
  }

  /** How many descriptors an attribute holds. */
  int count(int attribute) {
    return get(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, null);
  }

  /** Fills fresh descriptors with those that an attribute holds; returns how many there were. */
  int fill(int attribute, List<CudnnDescriptor> fresh) {
    try (LongPointer elements = addresses(fresh)) {
      return get(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, fresh.size(), elements);
    }
  }

  private int get(int attribute, int type, long count, Pointer elements) {
    long[] held = new long[1];
    int status = cudnnBackendGetAttribute(handle, attribute, type, count, held, elements);
    Cudnn.check(status, "attribute " + attribute + " of " + name);
    return Math.toIntExact(held[0]);
  }

  private static LongPointer addresses(List<CudnnDescriptor> descriptors) {
    return new LongPointer(
        descriptors.stream().mapToLong(descriptor -> descriptor.handle.address()).toArray());
  }

  @Override
  public void close() {
    cudnnBackendDestroyDescriptor(handle);
  }
}
