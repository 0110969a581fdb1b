package ringattention.command;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import ringattention.data.HostTokens;
import ringattention.data.Samples;
import ringattention.run.Job;

/** Opens a corpus on every rank, which one rank of a host tokenizes for the others. */
final class HostCorpus {
  private HostCorpus() {}

  /**
   * Opens it first on the first rank of every host, then on the others. Ranks that would make other
   * tokens, for their files or inputs are not the same, have a first rank of their own. Collective.
   *
   * @param progress takes lines that say how far it is, on the rank that tokenizes
   * @param key see {@link HostTokens#key}
   * @param open may fail on any rank
   */
  static <T extends Samples> T open(
      Job job, Consumer<String> progress, Supplier<String> key, Function<HostTokens, T> open) {
    String own = job.agree(key);
    List<String> keys = job.gather(own.isEmpty() ? "" : job.world().host() + " " + own);
    if (keys.stream().allMatch(String::isEmpty)) {
      return job.agree(() -> open.apply(HostTokens.own()));
    }
    int rank = job.world().rank();
    int first = own.isEmpty() ? rank : keys.indexOf(keys.get(rank));
    HostTokens host = HostTokens.own(progress);
    T made = job.agree(() -> first == rank ? open.apply(host) : null);
    try {
      String place = job.gather(host.place()).get(first);
      return job.agree(() -> first == rank ? made : open.apply(HostTokens.at(place)));
    } catch (RuntimeException e) {
      if (made != null) {
        made.close();
      }
      throw e;
    }
  }
}
