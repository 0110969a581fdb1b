package ringattention.data.trajectories;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Episodes that were read lately, up to so many bytes. Any thread may ask. */
final class EpisodeCache {
  private static final int TOUCHED = 64; // entries to begin with

  private final long limit;
  private final Map<Integer, Episode> lately = new LinkedHashMap<>(TOUCHED, .75f, true);
  private long bytes;

  /**
   * @param limit bytes; one episode is kept whatever it has
   */
  EpisodeCache(long limit) {
    this.limit = limit;
  }

  /** Returns an episode that is here; null if it is not. */
  synchronized Episode get(int number) {
    return lately.get(number);
  }

  /** Takes one in place of those not asked for the longest, unless it is here. */
  synchronized void put(int number, Episode episode) {
    if (lately.putIfAbsent(number, episode) != null) {
      return; // another thread has read it meanwhile
    }
    bytes += episode.bytes();
    for (Iterator<Episode> oldest = lately.values().iterator();
        bytes > limit && lately.size() > 1; ) {
      bytes -= oldest.next().bytes();
      oldest.remove();
    }
  }

  synchronized int size() {
    return lately.size();
  }
}
