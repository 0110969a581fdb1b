package ringattention.run;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Who hears of whom, where ranks are on several hosts: rank 0 of the first rank of every other
 * host, and the first rank of a host of the others there. So one connection a host leaves it.
 *
 * @param hosts of every rank
 */
record HostTree(List<String> hosts) {
  HostTree {
    hosts = List.copyOf(hosts);
  }

  /** Returns whether there are several hosts; otherwise nobody needs to hear of anybody. */
  boolean branches() {
    return hosts.stream().distinct().count() > 1;
  }

  /** Returns the rank above one; -1 for rank 0. */
  int above(int rank) {
    int first = hosts.indexOf(hosts.get(rank));
    if (rank == 0) {
      return -1;
    }
    return rank == first ? 0 : first;
  }

  /** Returns the ranks below one, in order. */
  List<Integer> below(int rank) {
    if (hosts.indexOf(hosts.get(rank)) != rank) {
      return List.of();
    }
    Set<String> seen = new HashSet<>();
    return IntStream.range(0, hosts.size())
        .filter(
            other -> {
              boolean first = seen.add(hosts.get(other));
              boolean same = hosts.get(other).equals(hosts.get(rank));
              return other != rank && (same || (first && rank == 0));
            })
        .boxed()
        .toList();
  }
}
