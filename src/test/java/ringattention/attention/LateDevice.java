package ringattention.attention;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.Device;
import ringattention.device.Kernels;
import ringattention.device.Memory;
import ringattention.device.Tensor;
import ringattention.device.reference.ReferenceDevice;

/**
 * A device whose work is done as late as it may be: when somebody waits for it. Whoever forgets to
 * wait before reusing or sending a buffer gets wrong numbers here every time, on a GPU now and
 * then.
 */
public final class LateDevice implements Device {
  private final ReferenceDevice device = new ReferenceDevice();
  private final Deque<Runnable> queue = new ArrayDeque<>();
  private final int causalBlock;
  private final int documentTile;
  private final boolean eager;
  private final Kernels kernels = late(Kernels.class, device.kernels());
  private final BlockAttention attention = late(BlockAttention.class, device.attention());
  private final DecodeAttention decode = late(DecodeAttention.class, device.decode());
  private final LateLane outgoing = new LateLane();
  private final LateLane incoming = new LateLane();
  private long enqueued;
  private long done;

  LateDevice(int causalBlock) {
    this(causalBlock, 1);
  }

  LateDevice(int causalBlock, int documentTile) {
    this(causalBlock, documentTile, false);
  }

  /**
   * @param eager whether copies from the host are made as early as they may be, not as late: then
   *     who forgets what they have to wait for gets wrong numbers
   */
  public LateDevice(int causalBlock, int documentTile, boolean eager) {
    this.causalBlock = causalBlock;
    this.documentTile = documentTile;
    this.eager = eager;
  }

  private <T> T late(Class<T> type, T target) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              if (method.getReturnType() != void.class) {
                runUntil(enqueued);
                return method.invoke(target, arguments);
              }
              enqueue(
                  () -> {
                    try {
                      method.invoke(target, arguments);
                    } catch (IllegalAccessException | InvocationTargetException e) {
                      throw new IllegalStateException(e.getCause());
                    }
                  });
              return null;
            }));
  }

  private void enqueue(Runnable work) {
    enqueued++;
    queue.add(work);
  }

  private void runUntil(long position) {
    while (done < position) {
      queue.remove().run();
      done++;
    }
  }

  @Override
  public boolean asynchronous() {
    return true;
  }

  @Override
  public int causalBlock() {
    return causalBlock;
  }

  @Override
  public int documentTile() {
    return documentTile;
  }

  @Override
  public Completion mark() {
    long position = enqueued;
    return () -> runUntil(position);
  }

  @Override
  public void synchronize() {
    runUntil(enqueued);
  }

  @Override
  public void write(Tensor to, double... values) {
    synchronize();
    device.write(to, values);
  }

  @Override
  public void write(Tensor to, int... values) {
    synchronize();
    device.write(to, values);
  }

  @Override
  public double[] read(Tensor from) {
    synchronize();
    return device.read(from);
  }

  @Override
  public String name() {
    return "late";
  }

  @Override
  public String description() {
    return device.description();
  }

  @Override
  public DType compute() {
    return device.compute();
  }

  @Override
  public DType sum() {
    return device.sum();
  }

  @Override
  public Memory allocate(long bytes) {
    return device.allocate(bytes);
  }

  @Override
  public Memory allocateHost(long bytes) {
    return device.allocateHost(bytes);
  }

  @Override
  public long freeBytes() {
    return device.freeBytes();
  }

  @Override
  public boolean inHostMemory() {
    return device.inHostMemory();
  }

  @Override
  public long peakHostBytes() {
    return device.peakHostBytes();
  }

  @Override
  public void waitFor(Completion point) {
    enqueue(point::await);
  }

  @Override
  public Completion toHost(Tensor from, Tensor to) {
    Completion made = mark();
    return outgoing.add(
        () -> {
          made.await();
          device.toHost(from, to);
        });
  }

  @Override
  public Completion toDevice(Tensor from, Tensor to, Completion free, Completion... complete) {
    Completion copy = incoming.add(() -> device.toDevice(from, to, free, complete));
    if (eager) {
      copy.await();
    }
    return copy;
  }

  @Override
  public long workspaceBytes(List<AttentionCall> calls) {
    return device.workspaceBytes(calls);
  }

  @Override
  public long allocatedBytes() {
    return device.allocatedBytes();
  }

  @Override
  public long peakBytes() {
    return device.peakBytes();
  }

  @Override
  public Kernels kernels() {
    return kernels;
  }

  @Override
  public BlockAttention attention() {
    return attention;
  }

  @Override
  public DecodeAttention decode() {
    return decode;
  }

  @Override
  public void close() {
    synchronize();
    device.close();
  }
}
