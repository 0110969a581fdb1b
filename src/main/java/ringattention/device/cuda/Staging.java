package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaFreeHost;
import static org.bytedeco.cuda.global.cudart.cudaHostAlloc;
import static org.bytedeco.cuda.global.cudart.cudaHostAllocDefault;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToDevice;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import ringattention.device.Completion;
import ringattention.device.Tensor;

/**
 * Copies between device memory and pinned host memory, on streams of their own: out and in overlap
 * each other and the device's work. The caller sees to it that the device has finished with the
 * memory before. Belongs to the GPU that is current when it is made.
 */
public final class Staging implements AutoCloseable {
  private final Stream outgoing = new Stream();
  private final Stream incoming = new Stream();
  private final List<Pointer> pinned = new ArrayList<>();

  /** Pinned host memory, freed with this. */
  public ByteBuffer pinned(int bytes) {
    try (PointerPointer<Pointer> result = new PointerPointer<>(1)) {
      Cuda.check(
          cudaHostAlloc(result, Math.max(1, bytes), cudaHostAllocDefault),
          "pinned host memory of " + bytes + " bytes");
      Pointer allocation = result.get(Pointer.class, 0);
      pinned.add(allocation);
      return new BytePointer(allocation)
          .capacity(Math.max(1, bytes))
          .asByteBuffer()
          .order(ByteOrder.nativeOrder())
          .limit(bytes);
    }
  }

  public Completion toHost(ByteBuffer device, ByteBuffer host) {
    return copy(device, host, cudaMemcpyDeviceToHost, outgoing);
  }

  public Completion toDevice(ByteBuffer host, ByteBuffer device) {
    return copy(host, device, cudaMemcpyHostToDevice, incoming);
  }

  public Completion within(ByteBuffer from, ByteBuffer to) {
    return copy(from, to, cudaMemcpyDeviceToDevice, outgoing);
  }

  /** Copies out what a stream has made by now; memory of any size. */
  Completion toHost(Tensor device, Tensor host, Stream maker) {
    outgoing.waitFor(maker.mark());
    return copy(device, host, cudaMemcpyDeviceToHost, outgoing);
  }

  /** Copies in after these points; memory of any size. */
  Completion toDevice(Tensor host, Tensor device, Completion free, Completion... complete) {
    incoming.waitFor(free);
    for (Completion point : complete) {
      incoming.waitFor(point);
    }
    return copy(host, device, cudaMemcpyHostToDevice, incoming);
  }

  private static Completion copy(Tensor from, Tensor to, int kind, Stream stream) {
    from.requireSame(to);
    Cuda.check(
        cudaMemcpyAsync(
            Cuda.address(to.address()),
            Cuda.address(from.address()),
            from.bytes(),
            kind,
            stream.handle()),
        "copy of " + from.bytes() + " bytes");
    return stream.mark();
  }

  private static Completion copy(ByteBuffer from, ByteBuffer to, int kind, Stream stream) {
    if (from.remaining() != to.remaining()) {
      throw new IllegalArgumentException(
          "copy of " + from.remaining() + " bytes to " + to.remaining());
    }
    if (!from.hasRemaining()) {
      return Completion.DONE;
    }
    Cuda.check(
        cudaMemcpyAsync(
            Cuda.address(to), Cuda.address(from), from.remaining(), kind, stream.handle()),
        "copy of " + from.remaining() + " bytes");
    return stream.mark();
  }

  @Override
  public void close() {
    outgoing.synchronize();
    incoming.synchronize();
    pinned.forEach(memory -> cudaFreeHost(memory));
    pinned.clear();
    outgoing.close();
    incoming.close();
  }
}
