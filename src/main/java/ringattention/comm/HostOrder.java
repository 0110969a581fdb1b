package ringattention.comm;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Ranks by host, so that neighbours of a ring are on one host as long as it has any. */
final class HostOrder {
  private HostOrder() {}

  /** Returns the host of every rank. Collective. */
  static List<String> hosts(Communicator ranks) {
    List<byte[]> all = ranks.gather(ranks.host().getBytes(UTF_8));
    List<String> names = all.stream().map(bytes -> new String(bytes, UTF_8)).toList();
    byte[] joined = ranks.broadcast(String.join("\0", names).getBytes(UTF_8));
    return List.of(new String(joined, UTF_8).split("\0", -1));
  }

  /**
   * Returns the new number of every rank: hosts by their first rank, and the ranks of a host as
   * they were. Rank 0 stays.
   */
  static List<Integer> of(List<String> hosts) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    hosts.forEach(host -> counts.merge(host, 1, Integer::sum));
    Map<String, Integer> next = new HashMap<>();
    int first = 0;
    for (Map.Entry<String, Integer> host : counts.entrySet()) {
      next.put(host.getKey(), first);
      first += host.getValue();
    }
    List<Integer> order = new ArrayList<>();
    hosts.forEach(host -> order.add(next.merge(host, 1, Integer::sum) - 1));
    return order;
  }

  /** Returns whether every rank keeps its number. */
  static boolean isAsStarted(List<Integer> order) {
    for (int rank = 0; rank < order.size(); rank++) {
      if (order.get(rank) != rank) {
        return false;
      }
    }
    return true;
  }
}
