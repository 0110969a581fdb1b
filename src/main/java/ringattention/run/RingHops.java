package ringattention.run;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ringattention.shard.Mesh;

/**
 * Which messages of a mesh leave a host.
 *
 * @param hosts of every rank
 */
record RingHops(Mesh mesh, List<String> hosts) {
  private static final int SHOWN = 8;

  RingHops {
    hosts = List.copyOf(hosts);
  }

  /** Returns the hops of rings from one host to another, and the groups of heads on several. */
  String text() {
    List<Integer> ranks = IntStream.range(0, mesh.world()).boxed().toList();
    List<Integer> leaving = ranks.stream().filter(rank -> leaves(rank, mesh.next(rank))).toList();
    String shown =
        leaving.stream()
            .limit(SHOWN)
            .map(rank -> "rank " + rank + " to " + mesh.next(rank))
            .collect(Collectors.joining(", "));
    long hops = mesh.ring() == 1 ? 0 : ranks.size();
    String rings =
        leaving.size()
            + " of "
            + hops
            + " hops"
            + (leaving.isEmpty() ? "" : ": " + shown)
            + (leaving.size() > SHOWN ? ", ..." : "");
    if (mesh.heads() == 1) {
      return rings;
    }
    long apart =
        ranks.stream()
            .filter(rank -> mesh.headsRank(rank) == 0)
            .filter(rank -> mesh.headsGroup(rank).stream().anyMatch(other -> leaves(rank, other)))
            .count();
    return rings + "; " + apart + " of " + ranks.size() / mesh.heads() + " groups of heads";
  }

  private boolean leaves(int from, int to) {
    return !hosts.get(from).equals(hosts.get(to));
  }
}
