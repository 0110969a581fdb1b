package ringattention.attention;

import java.util.ArrayDeque;
import java.util.Deque;
import ringattention.device.Completion;

/** Work beside a device's queue, in order, as late as it may be: when somebody waits for it. */
public final class LateLane {
  private final Deque<Runnable> works = new ArrayDeque<>();
  private long added;
  private long done;

  public Completion add(Runnable work) {
    works.add(work);
    long position = ++added;
    return () -> {
      while (done < position) {
        done++;
        works.remove().run();
      }
    };
  }
}
