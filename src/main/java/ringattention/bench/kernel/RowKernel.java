package ringattention.bench.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.Largest;

/**
 * A kernel that works row by row, with sums over rows at most as a second result. Some rows of its
 * result are compared with the reference device, which gets those rows alone; what is summed over
 * rows is compared for those rows alone too.
 *
 * @param reduced elements that sums inside it run over: their rounding grows with the root of it
 */
public record RowKernel(
    String kernel, String shape, int rows, int reduced, List<Operand> operands, Call call)
    implements KernelCase {
  private static final int ROUNDINGS = 8; // behind the sums

  /** Enqueues the kernel on a device. */
  @FunctionalInterface
  interface Call {
    /**
     * @param t the operands in their order
     */
    void on(Device device, List<Tensor> t);
  }

  @Override
  public double flops() {
    return 0;
  }

  @Override
  public double bytes(Device device) {
    return operands.stream()
        .mapToDouble(
            operand ->
                (operand.role() == Operand.Role.UPDATE ? 2.0 : 1.0)
                    * operand.elements(rows)
                    * operand.type(device).bytes())
        .sum();
  }

  @Override
  public Trial open(Device device, int sets) {
    return new RowTrial(device, sets);
  }

  private int[] sample() {
    return IntStream.of(0, 1, rows / 2, rows - 1).distinct().toArray();
  }

  private List<Tensor> tensors(Arena arena, Device device, DType rounded, String set, int... of) {
    List<Tensor> tensors = new ArrayList<>();
    for (Operand operand : operands) {
      Tensor tensor = operand.allocate(arena, device, set, of.length);
      operand.load(device, tensor, rounded, of);
      tensors.add(tensor);
    }
    return tensors;
  }

  /** One kernel's arguments on a device. */
  private final class RowTrial implements Trial {
    private final Device device;
    private final Arena arena;
    private final List<List<Tensor>> sets = new ArrayList<>();

    RowTrial(Device device, int count) {
      this.device = device;
      this.arena = new Arena(device);
      int[] all = IntStream.range(0, rows).toArray();
      for (int set = 0; set < count; set++) {
        sets.add(tensors(arena, device, device.compute(), "." + set, all));
      }
    }

    @Override
    public void pass(int set) {
      call.on(device, sets.get(set));
    }

    @Override
    public long wrong() {
      pass(0);
      int[] sample = sample();
      long wrong = 0;
      try (Arena few = new Arena(device);
          ReferenceDevice reference = new ReferenceDevice();
          Arena exact = new Arena(reference)) {
        List<Tensor> fewTensors = tensors(few, device, device.compute(), "", sample);
        List<Tensor> truth = tensors(exact, reference, device.compute(), "", sample);
        call.on(device, fewTensors);
        call.on(reference, truth);
        for (int i = 0; i < operands.size(); i++) {
          Operand operand = operands.get(i);
          if (operand.isResult()) {
            double[] found =
                operand.shared()
                    ? device.read(fewTensors.get(i))
                    : rows(sets.get(0).get(i), sample);
            wrong += wrong(found, reference.read(truth.get(i)), operand.type(device));
          }
        }
      }
      return wrong;
    }

    private double[] rows(Tensor tensor, int... sample) {
      return IntStream.of(sample)
          .mapToObj(row -> device.read(tensor.slice(row, row + 1)))
          .flatMapToDouble(DoubleStream::of)
          .toArray();
    }

    private long wrong(double[] found, double[] truth, DType type) {
      double steps = ROUNDINGS * type.epsilon() + Math.sqrt(reduced) * device.sum().epsilon();
      double allowed = steps * Largest.magnitude(truth);
      return IntStream.range(0, truth.length)
          .filter(i -> !(Math.abs(found[i] - truth[i]) <= allowed))
          .count();
    }

    @Override
    public void close() {
      arena.close();
    }
  }
}
