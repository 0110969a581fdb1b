package ringattention.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringattention.report.RunHeader;
import ringattention.report.RunHeader.Positions;
import ringattention.shard.Mesh;
import ringattention.shard.TokenLayout;

/** The top of a run's log. */
public final class Header {
  private Header() {}

  /** Returns what is known before there are devices, for the header's top. Collective. */
  public static RunHeader withoutDevices(Job job) {
    List<RunHeader.Rank> ranks = new ArrayList<>();
    for (String host : job.hosts()) {
      ranks.add(new RunHeader.Rank(ranks.size(), host, "", List.of()));
    }
    return of(job, Map.of(), Mesh.of(ranks.size(), 1, 1), ranks);
  }

  private static RunHeader of(
      Job job, Map<String, String> equipment, Mesh mesh, List<RunHeader.Rank> ranks) {
    Version version = Version.read();
    List<String> command = new ArrayList<>(List.of("ringattention"));
    command.addAll(job.line().arguments());
    return new RunHeader(
        version.toString(),
        version.git(),
        Runtime.version() + ", " + System.getProperty("java.vm.name"),
        job.world().description(),
        equipment,
        command,
        mesh.data(),
        mesh.ring(),
        mesh.heads(),
        mesh.tensor(),
        ranks);
  }

  /**
   * What a stranger needs to repeat the run. Collective.
   *
   * @param layout of a training run; empty where nothing is laid out
   */
  public static RunHeader of(
      Job job, Equipment equipment, Mesh mesh, Optional<TokenLayout> layout) {
    List<String> hosts = job.hosts();
    List<String> devices = job.gather(equipment.device().description());
    List<RunHeader.Rank> ranks = new ArrayList<>();
    for (int rank = 0; rank < job.world().size(); rank++) {
      int sharing = mesh.sharingRank(rank);
      ranks.add(
          new RunHeader.Rank(
              rank,
              hosts.get(rank),
              devices.get(rank),
              layout.map(held -> ranges(held, sharing)).orElse(List.of())));
    }
    Map<String, String> rows = new LinkedHashMap<>(equipment.description());
    if (hosts.stream().distinct().count() > 1) {
      rows.put("between hosts", new RingHops(mesh, hosts).text());
    }
    return of(job, rows, mesh, ranks);
  }

  /** Neighbouring positions as ranges. */
  private static List<Positions> ranges(TokenLayout layout, int rank) {
    int[] positions = layout.positions(rank);
    List<Positions> ranges = new ArrayList<>();
    int from = 0;
    for (int i = 1; i <= positions.length; i++) {
      if (i == positions.length || positions[i] != positions[i - 1] + 1) {
        ranges.add(new Positions(positions[from], positions[i - 1] + 1L));
        from = i;
      }
    }
    return ranges;
  }
}
