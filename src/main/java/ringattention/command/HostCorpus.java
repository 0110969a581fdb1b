package ringattention.command;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import ringattention.data.HostTokens;
import ringattention.data.Samples;
import ringattention.run.Job;

/** Opens corpora on every rank, which one rank of a host tokenizes for the others. */
final class HostCorpus {
  private final Job job;
  private final Consumer<String> progress;
  private final Map<List<String>, List<String>> made = new HashMap<>(); // places by keys, of ranks

  /**
   * @param progress takes lines that say how far it is, on the rank that tokenizes
   */
  HostCorpus(Job job, Consumer<String> progress) {
    this.job = job;
    this.progress = progress;
  }

  /**
   * Opens a corpus first on the first rank of every host, then on the others. Ranks that would make
   * other tokens, for their files or inputs are not the same, have a first rank of their own. A
   * corpus that was opened before, and still is, is not tokenized again: what is learned and what
   * is kept out of it may be parts of one. Collective.
   *
   * @param key see {@link HostTokens#key}
   * @param open may fail on any rank
   */
  <T extends Samples> T open(Supplier<String> key, Function<HostTokens, T> open) {
    String own = job.agree(key);
    List<String> keys = job.gather(own.isEmpty() ? "" : job.world().host() + " " + own);
    if (keys.stream().allMatch(String::isEmpty)) {
      return job.agree(() -> open.apply(HostTokens.own()));
    }
    int rank = job.world().rank();
    int first = own.isEmpty() ? rank : keys.indexOf(keys.get(rank));
    if (made.containsKey(keys)) {
      String place = made.get(keys).get(first);
      return job.agree(() -> open.apply(HostTokens.at(place)));
    }
    HostTokens host = HostTokens.own(progress);
    T opened = job.agree(() -> first == rank ? open.apply(host) : null);
    try {
      List<String> places = job.gather(host.place());
      T mine =
          job.agree(() -> first == rank ? opened : open.apply(HostTokens.at(places.get(first))));
      if (IntStream.range(0, keys.size()).noneMatch(i -> isMissing(keys, places, i))) {
        made.put(keys, places);
      }
      return mine;
    } catch (RuntimeException e) {
      if (opened != null) {
        opened.close();
      }
      throw e;
    }
  }

  /** Whether a rank has tokenized, and others cannot open what it has made. */
  private static boolean isMissing(List<String> keys, List<String> places, int rank) {
    return !keys.get(rank).isEmpty()
        && keys.indexOf(keys.get(rank)) == rank
        && places.get(rank).isEmpty();
  }
}
