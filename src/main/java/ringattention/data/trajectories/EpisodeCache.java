package ringattention.data.trajectories;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Episodes that were read lately, up to so many bytes. For one thread. */
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
  Episode get(int number) {
    return lately.get(number);
  }

  /** Takes one that was not here, in place of those not asked for the longest. */
  void put(int number, Episode episode) {
    lately.put(number, episode);
    bytes += episode.bytes();
    for (Iterator<Episode> oldest = lately.values().iterator();
        bytes > limit && lately.size() > 1; ) {
      bytes -= oldest.next().bytes();
      oldest.remove();
    }
  }

  int size() {
    return lately.size();
  }
}
