package ringattention.parallel;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.Tensor;

/**
 * Collectives that are made as late as they may be, when somebody waits for them; one that would
 * use the memory of another that nobody has waited for is refused.
 */
final class LateCollectives implements Collectives {
  private final Collectives collectives;
  private final List<Tensor> busy = new ArrayList<>();

  LateCollectives(Collectives collectives) {
    this.collectives = collectives;
  }

  @Override
  public Completion allGather(Tensor part, Tensor whole, Completion after) {
    return later(List.of(part, whole), () -> collectives.allGather(part, whole, after));
  }

  @Override
  public Completion reduceScatter(Tensor whole, Tensor part, Completion after) {
    return later(List.of(part, whole), () -> collectives.reduceScatter(whole, part, after));
  }

  @Override
  public Completion allToAll(List<Part> parts, Completion after) {
    List<Tensor> used = new ArrayList<>();
    parts.forEach(part -> used.addAll(part.send()));
    parts.forEach(part -> used.addAll(part.receive()));
    return later(used, () -> collectives.allToAll(parts, after));
  }

  @Override
  public Collectives split(int color) {
    return new LateCollectives(collectives.split(color));
  }

  private Completion later(List<Tensor> used, Supplier<Completion> work) {
    for (Tensor other : busy) {
      if (used.stream().anyMatch(tensor -> overlap(tensor, other))) {
        throw new IllegalStateException(used + ": nobody has waited for what uses " + other);
      }
    }
    busy.addAll(used);
    boolean[] over = {false};
    return () -> {
      if (!over[0]) {
        over[0] = true;
        work.get().await();
        busy.removeAll(used);
      }
    };
  }

  private static boolean overlap(Tensor a, Tensor b) {
    return a.address() < b.address() + b.bytes() && b.address() < a.address() + a.bytes();
  }
}
