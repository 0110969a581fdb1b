package ringattention.device;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A dense row-major array in a device's memory: element type, shape and address. Slices and views
 * share the memory. A tensor without memory (a planned one) has a shape and a size but no address.
 */
public final class Tensor {
  private final Memory memory;
  private final long offset; // bytes from the start of the memory
  private final DType dtype;
  private final long[] shape;

  /**
   * @param memory null for a planned tensor
   * @param offset bytes from the start of the memory
   */
  public Tensor(Memory memory, long offset, DType dtype, long... shape) {
    this.memory = memory;
    this.offset = offset;
    this.dtype = dtype;
    this.shape = shape.clone();
    if (memory != null && (offset < 0 || offset + bytes() > memory.bytes())) {
      throw new IllegalArgumentException(
          this
              + " at byte "
              + offset
              + " does not fit an allocation of "
              + memory.bytes()
              + " bytes");
    }
  }

  public DType dtype() {
    return dtype;
  }

  /** Extent of one dimension. */
  public long dim(int index) {
    return shape[index];
  }

  public int rank() {
    return shape.length;
  }

  public long[] shape() {
    return shape.clone();
  }

  public long elements() {
    long product = 1;
    for (long extent : shape) {
      product = Math.multiplyExact(product, extent);
    }
    return product;
  }

  public long bytes() {
    return Math.multiplyExact(elements(), dtype.bytes());
  }

  /** Address of the first element in the device's address space. */
  public long address() {
    if (memory == null) {
      throw new IllegalStateException(this + " is planned, not allocated");
    }
    return memory.address() + offset;
  }

  /** Rows [from, to) of the first dimension, sharing the memory. */
  public Tensor slice(long from, long to) {
    if (from < 0 || from > to || to > shape[0]) {
      throw new IllegalArgumentException("rows " + from + " to " + to + " of " + this);
    }
    long[] sliced = shape.clone();
    sliced[0] = to - from;
    long rowBytes = shape[0] == 0 ? 0 : bytes() / shape[0];
    return new Tensor(memory, offset + from * rowBytes, dtype, sliced);
  }

  /** The same elements under another shape, sharing the memory. */
  public Tensor view(long... newShape) {
    Tensor view = new Tensor(memory, offset, dtype, newShape);
    if (view.elements() != elements()) {
      throw new IllegalArgumentException("view of " + this + " as " + Arrays.toString(newShape));
    }
    return view;
  }

  /** The same memory as elements of another type, flat: how one buffer serves several types. */
  public Tensor as(DType other) {
    return new Tensor(memory, offset, other, bytes() / other.bytes());
  }

  /**
   * The first elements of this tensor under a smaller shape: how a scratch buffer serves blocks of
   * several sizes.
   */
  public Tensor prefix(long... newShape) {
    return new Tensor(memory, offset, dtype, elements()).slice(0, product(newShape)).view(newShape);
  }

  /** [dim 0 * ... * dim n-2, dim n-1]: the rows a matrix product or a normalisation works on. */
  public Tensor rows() {
    long columns = shape[shape.length - 1];
    return view(columns == 0 ? 0 : elements() / columns, columns);
  }

  /** All bytes as direct buffers of at most 1 GiB each, in order, for a communicator. */
  public ByteBuffer[] buffers() {
    if (memory == null) {
      throw new IllegalStateException(this + " is planned, not allocated");
    }
    long piece = 1L << 30;
    long bytes = bytes();
    ByteBuffer[] pieces = new ByteBuffer[(int) Math.max(1, (bytes + piece - 1) / piece)];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = memory.buffer(offset + i * piece, (int) Math.min(piece, bytes - i * piece));
    }
    return pieces;
  }

  /** All bytes as one direct buffer, for a collective. Tensors of 2 GiB or more have none. */
  public ByteBuffer buffer() {
    if (bytes() > Integer.MAX_VALUE) {
      throw new IllegalStateException(this + " holds more than the 2 GiB a collective takes");
    }
    address(); // refuses a planned tensor
    return memory.buffer(offset, (int) bytes());
  }

  /**
   * @throws IllegalArgumentException if the other is not of this type and shape
   */
  public void requireSame(Tensor other) {
    if (dtype != other.dtype || !Arrays.equals(shape, other.shape)) {
      throw new IllegalArgumentException(this + " and " + other + " are not alike");
    }
  }

  private static long product(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  @Override
  public String toString() {
    return dtype + Arrays.toString(shape);
  }
}
