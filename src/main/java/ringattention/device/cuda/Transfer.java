package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntConsumer;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;
import ringattention.device.DType;
import ringattention.device.Tensor;

/**
 * Values between Java arrays and the device, converted to and from the tensor's element type. For
 * inputs, results and checks; nothing on a fast path.
 */
final class Transfer {
  private static final int PIECE = 1 << 22; // elements
  private static final int SHARE = 1 << 16; // of a thread

  private final Stream stream;

  Transfer(Stream stream) {
    this.stream = stream;
  }

  void write(Tensor to, double... values) {
    requireSize(to, values.length);
    write(to, index -> values[index]);
  }

  void write(Tensor to, int... values) {
    if (to.dtype() != DType.I32) {
      throw new IllegalArgumentException("integers into " + to);
    }
    requireSize(to, values.length);
    write(to, index -> values[index]);
  }

  private void write(Tensor to, IntToDoubleFunction values) {
    int size = to.dtype().bytes();
    int count = Math.toIntExact(to.elements());
    try (BytePointer host = new BytePointer((long) Math.min(PIECE, Math.max(1, count)) * size)) {
      ByteBuffer staged = host.asByteBuffer().order(ByteOrder.nativeOrder());
      for (int from = 0; from < count; from += PIECE) {
        int end = Math.min(count, from + PIECE);
        int first = from;
        inParallel(
            end - from, i -> put(staged, i * size, to.dtype(), values.applyAsDouble(first + i)));
        long bytes = (long) (end - from) * size;
        Cuda.check(
            cudaMemcpyAsync(
                Cuda.address(to.address() + (long) from * size),
                host,
                bytes,
                cudaMemcpyHostToDevice,
                stream.handle()),
            "copy to the GPU");
        stream.synchronize();
      }
    }
  }

  double[] read(Tensor from) {
    int size = from.dtype().bytes();
    double[] values = new double[Math.toIntExact(from.elements())];
    try (BytePointer host =
        new BytePointer((long) Math.min(PIECE, Math.max(1, values.length)) * size)) {
      ByteBuffer staged = host.asByteBuffer().order(ByteOrder.nativeOrder());
      for (int start = 0; start < values.length; start += PIECE) {
        int end = Math.min(values.length, start + PIECE);
        Cuda.check(
            cudaMemcpyAsync(
                host,
                Cuda.address(from.address() + (long) start * size),
                (long) (end - start) * size,
                cudaMemcpyDeviceToHost,
                stream.handle()),
            "copy from the GPU");
        stream.synchronize();
        int first = start;
        inParallel(end - start, i -> values[first + i] = get(staged, i * size, from.dtype()));
      }
    }
    return values;
  }

  /** Many elements by all cores; few by this thread alone. */
  private static void inParallel(int count, IntConsumer element) {
    IntStream.range(0, (count + SHARE - 1) / SHARE)
        .parallel()
        .forEach(
            share -> {
              int end = Math.min(count, (share + 1) * SHARE);
              for (int i = share * SHARE; i < end; i++) {
                element.accept(i);
              }
            });
  }

  /**
   * @param at byte of the buffer
   */
  private static void put(ByteBuffer to, int at, DType dtype, double value) {
    switch (dtype) {
      case BF16 -> to.putShort(at, bfloat16((float) value));
      case F32 -> to.putFloat(at, (float) value);
      case F64 -> to.putDouble(at, value);
      case I32 -> to.putInt(at, Math.toIntExact((long) value));
    }
  }

  private static double get(ByteBuffer from, int at, DType dtype) {
    return switch (dtype) {
      case BF16 -> Float.intBitsToFloat(from.getShort(at) << 16);
      case F32 -> from.getFloat(at);
      case F64 -> from.getDouble(at);
      case I32 -> from.getInt(at);
    };
  }

  /** Round to nearest, ties to even; a NaN stays one. */
  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  private static void requireSize(Tensor to, int length) {
    if (to.elements() != length) {
      throw new IllegalArgumentException(length + " values into " + to);
    }
  }
}
