package ringattention.report;

import static ringattention.report.TextTable.Align.LEFT;
import static ringattention.report.TextTable.Align.RIGHT;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a stranger needs to repeat the run.
 *
 * @param program name and version, for example {@code ringattention 0.1.0}
 * @param gitHash of the sources, or {@code unknown}
 * @param java version and vendor
 * @param mpi the communicator's description of itself
 * @param equipment more rows: how devices were chosen and how they exchange data; may be empty
 * @param command the command line as given
 * @param dataParallel groups that each work on their own sequences
 * @param ringSize ranks that share a sequence, or groups of them that exchange heads
 * @param headRanks ranks of such a group; 1 where heads are not exchanged
 * @param tensorRanks ranks that share the products of blocks; 1 where each does its own
 * @param ranks one per rank, the product of these in number; further ones wait
 */
public record RunHeader(
    String program,
    String gitHash,
    String java,
    String mpi,
    Map<String, String> equipment,
    List<String> command,
    int dataParallel,
    int ringSize,
    int headRanks,
    int tensorRanks,
    List<Rank> ranks) {
  private static final int SHOWN_RANGES = 4;
  private static final String DECOMPOSITION = "decomposition";
  private static final Pattern PLAIN = Pattern.compile("[\\w./=,:+@%-]+"); // the same unquoted

  /** Positions of a sequence from {@code from} to before {@code to}. */
  public record Positions(long from, long to) {
    public Positions {
      if (from < 0 || to <= from) {
        throw new IllegalArgumentException("positions from " + from + " to before " + to);
      }
    }

    @Override
    public String toString() {
      return to == from + 1 ? Long.toString(from) : from + "-" + (to - 1);
    }
  }

  /** What one rank is and holds of each sequence. */
  public record Rank(int rank, String host, String device, List<Positions> positions) {
    public Rank {
      positions = List.copyOf(positions);
    }

    public long tokens() {
      return positions.stream().mapToLong(range -> range.to() - range.from()).sum();
    }
  }

  public RunHeader {
    equipment = Collections.unmodifiableMap(new LinkedHashMap<>(equipment));
    command = List.copyOf(command);
    ranks = List.copyOf(ranks);
    if (ranks.size() < dataParallel * ringSize * headRanks * tensorRanks) {
      throw new IllegalArgumentException(
          ranks.size()
              + " ranks are not "
              + product(dataParallel, ringSize, headRanks, tensorRanks));
    }
  }

  private static String product(int dataParallel, int ringSize, int headRanks, int tensorRanks) {
    return dataParallel
        + " data-parallel x "
        + ringSize
        + " ring"
        + (headRanks == 1 ? "" : " x " + headRanks + " heads")
        + (tensorRanks == 1 ? "" : " x " + tensorRanks + " tensor");
  }

  /** Returns the part of {@link #lines} that is known before there are devices. */
  public List<String> top() {
    return new TextTable(LEFT, LEFT)
        .row(wide("program"), program + " (git " + gitHash + ")")
        .row("Java", java)
        .row("MPI", mpi)
        .row("hosts", hosts())
        .row("command", typed())
        .lines();
  }

  /** Returns the part of {@link #lines} that is not in {@link #top}. */
  public List<String> rest() {
    TextTable table = new TextTable(LEFT, LEFT);
    equipment.forEach(table::row);
    List<String> lines = new ArrayList<>(table.row(DECOMPOSITION, decomposition()).lines());
    lines.add("");
    lines.addAll(rankLines());
    apart().ifPresent(lines::add);
    return lines;
  }

  /** Two tables that follow each other have their columns in the same places. */
  private static String wide(String label) {
    return label + " ".repeat(DECOMPOSITION.length() - label.length());
  }

  /** Returns the part of {@link #fields} that is known before there are devices. */
  public Map<String, Object> topFields() {
    Map<String, Object> fields = fields();
    fields.keySet().removeAll(List.of("equipment", "devices", "ring", "heads", "tensor"));
    return fields;
  }

  /** The same for {@code run.jsonl}; every value is text, a number, a list or a map. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("command", typed());
    fields.put("arguments", command.subList(1, command.size()));
    fields.put("version", program);
    fields.put("git", gitHash);
    fields.put("java", java);
    fields.put("mpi", mpi);
    fields.put("equipment", equipment);
    fields.put("hosts", ranks.stream().map(Rank::host).toList());
    fields.put("devices", ranks.stream().map(Rank::device).toList());
    fields.put("ranks", ranks.size());
    fields.put("ring", ringSize);
    fields.put("heads", headRanks);
    fields.put("tensor", tensorRanks);
    return fields;
  }

  public List<String> lines() {
    TextTable table =
        new TextTable(LEFT, LEFT)
            .row("program", program + " (git " + gitHash + ")")
            .row("Java", java)
            .row("MPI", mpi);
    equipment.forEach(table::row);
    table.row("hosts", hosts()).row("command", typed()).row(DECOMPOSITION, decomposition());
    List<String> lines = new ArrayList<>(table.lines());
    lines.add("");
    lines.addAll(rankLines());
    apart().ifPresent(lines::add);
    return lines;
  }

  private String decomposition() {
    int waiting = ranks.size() - dataParallel * ringSize * headRanks * tensorRanks;
    return ranks.size()
        + " ranks = "
        + product(dataParallel, ringSize, headRanks, tensorRanks)
        + (waiting == 0 ? "" : ", " + waiting + " wait");
  }

  /** The command line as a shell takes it. */
  private String typed() {
    return command.stream()
        .map(word -> PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'")
        .collect(Collectors.joining(" "));
  }

  private String hosts() {
    Map<String, Integer> counts = new LinkedHashMap<>();
    ranks.forEach(rank -> counts.merge(rank.host(), 1, Integer::sum));
    List<String> hosts = new ArrayList<>();
    counts.forEach(
        (host, count) -> hosts.add(host + " (" + count + (count == 1 ? " rank)" : " ranks)")));
    return String.join(", ", hosts);
  }

  /**
   * Returns a line if tensor ranks are not on one host; empty where they are, or there are none.
   */
  private Optional<String> apart() {
    int used = dataParallel * ringSize * headRanks * tensorRanks;
    for (int first = 0; first < used; first += tensorRanks) {
      List<Rank> group = ranks.subList(first, first + tensorRanks);
      if (group.stream().map(Rank::host).distinct().count() > 1) {
        return Optional.of(
            String.format(
                "WARNING: ranks %d to %d share every product and are on several hosts: start"
                    + " neighbouring ranks on one host",
                first, first + tensorRanks - 1));
      }
    }
    return Optional.empty();
  }

  private List<String> rankLines() {
    if (ranks.stream().allMatch(rank -> rank.positions().isEmpty())) { // nothing is laid out
      TextTable table = new TextTable(RIGHT, LEFT, LEFT).row("rank", "host", "device");
      ranks.forEach(rank -> table.row(Integer.toString(rank.rank()), rank.host(), rank.device()));
      return table.lines();
    }
    TextTable table =
        new TextTable(RIGHT, LEFT, LEFT, RIGHT, LEFT)
            .row("rank", "host", "device", "tokens", "positions");
    for (Rank rank : ranks) {
      table.row(
          Integer.toString(rank.rank()),
          rank.host(),
          rank.device(),
          Long.toString(rank.tokens()),
          shown(rank.positions()));
    }
    return table.lines();
  }

  /** All ranges, or the first and the last of a striped shard's many. */
  private static String shown(List<Positions> ranges) {
    int count = ranges.size();
    if (count <= SHOWN_RANGES) {
      return String.join(" ", ranges.stream().map(Positions::toString).toList());
    }
    return ranges.get(0)
        + " "
        + ranges.get(1)
        + " ... "
        + ranges.get(count - 1)
        + " ("
        + count
        + " ranges)";
  }
}
