package ringattention.device.cuda;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The plans used last, up to a number. One more than that throws out an eighth of them, those
 * unused for longest, after a single wait for the device, which may still run them.
 */
final class RecentPlans<K, P> {
  private final int most;
  private final Runnable idle;
  private final Consumer<P> close;
  private final Map<K, P> plans = new LinkedHashMap<>(16, 0.75f, true); // longest unused first

  /**
   * @param most at least 1
   * @param idle waits until nothing on the device uses a plan any more
   * @param close ends a plan
   */
  RecentPlans(int most, Runnable idle, Consumer<P> close) {
    this.most = most;
    this.idle = idle;
    this.close = close;
  }

  /** The plan of a shape, used now; null if there is none. */
  P get(K shape) {
    return plans.get(shape);
  }

  /** Takes over a plan of a shape that has none. */
  void put(K shape, P plan) {
    if (plans.size() >= most) {
      throwOut(Math.max(1, most / 8));
    }
    plans.put(shape, plan);
  }

  private void throwOut(int count) {
    idle.run();
    Iterator<P> longestUnused = plans.values().iterator();
    for (int i = 0; i < count; i++) {
      close.accept(longestUnused.next());
      longestUnused.remove();
    }
  }

  /** Closes all plans. Nothing on the device uses them any more. */
  void close() {
    plans.values().forEach(close);
    plans.clear();
  }
}
