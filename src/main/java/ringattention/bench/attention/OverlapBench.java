package ringattention.bench.attention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.comm.ThrottledCommunicator;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;
import ringattention.report.Check;
import ringattention.report.Plots;
import ringattention.report.Plots.Axis;
import ringattention.report.Plots.Series;
import ringattention.validate.AttentionRunner;

/**
 * {@code bench overlap}: rates of attention and of messages, the smallest block that hides
 * communication predicted from them (table 2 of the paper), and the exposed wait measured around
 * it. Columns are derived in {@code docs/performance.md}.
 */
public final class OverlapBench {
  private static final long SMALLEST = 8; // bytes: the time of such a message is the latency
  private static final long LARGEST = 256L << 20; // rates of larger ones are those of this
  private static final double SHORTEST = 0.05; // seconds of a repeat where the host computes
  private static final int CURVE = 60; // points

  private final BenchOverlapConfig config;
  private final ThrottledCommunicator world;
  private final Device device;
  private final RingMessages messages;
  private final OverlapPasses passes;
  private final RingWork schedule;
  private final Consumer<String> print;
  private final BenchTable messageTable =
      new BenchTable(
          List.of(
              new Column("limit_gbytes_per_s", "GB/s", "%.3f"),
              new Column("bytes", "B", "%d"),
              new Column("time_us", "us", "%.1f"),
              new Column("bandwidth_gbytes_per_s", "GB/s", "%.3f"),
              new Column("wrong", "", "%d")));
  private final OverlapTable blocks = new OverlapTable();
  private final ThresholdTable thresholdTable = new ThresholdTable();
  private final List<OverlapThreshold> thresholds = new ArrayList<>();
  private final List<Series> predicted = new ArrayList<>();
  private final List<Series> measured = new ArrayList<>();
  private Calm calm = new Calm(0, 1); // while rates of messages were measured
  private long wrong;

  /**
   * @param ranks two at least
   * @param clock in nanoseconds
   * @param print takes the tables' lines, on rank 0
   */
  public OverlapBench(
      BenchOverlapConfig config,
      Communicator ranks,
      Device device,
      PhaseTimer timer,
      LongSupplier clock,
      Consumer<String> print) {
    this.config = config;
    this.world = new ThrottledCommunicator(ranks);
    this.device = device;
    this.messages = new RingMessages(world, device, config.warmup(), config.repeats(), clock);
    double shortest = device.asynchronous() ? Repeats.QUEUED : SHORTEST;
    Repeats repeats =
        new Repeats(config.warmup(), config.repeats(), shortest, config.rest(), clock, device);
    this.passes = new OverlapPasses(config, world, device, repeats, timer);
    this.schedule = RingWork.of(config, ranks.size(), device);
    this.print = world.rank() == 0 ? print : line -> {};
  }

  /** Prints every row as it is measured. Collective. */
  public void run() {
    messageTable.header().forEach(print);
    RateCurve asItIs = network(0);
    List<RateCurve> networks =
        config.bandwidths().stream().map(limit -> limit == 0 ? asItIs : network(limit)).toList();
    RateCurve unhidden = device.asynchronous() ? null : asItIs;
    blocks.header().forEach(print);
    if (!device.asynchronous()) { // code is compiled: long loops do that sooner than many short
      passes.ring(config.tokens().get(config.tokens().size() - 1)).close();
    }
    Map<RingPass, List<OverlapPasses.Measured>> found = new EnumMap<>(RingPass.class);
    for (int tokens : config.tokens()) {
      block(tokens, networks, unhidden, found);
    }
    thresholdTable.header().forEach(print);
    for (PublishedOverlap row : PublishedOverlap.values()) {
      print.accept(thresholdTable.row(row));
    }
    found.forEach(
        (pass, sizes) -> {
          for (int i = 0; i < networks.size(); i++) {
            int network = i;
            double[] fractions =
                sizes.stream().mapToDouble(size -> size.waits().get(network).fraction()).toArray();
            RateCurve attention = attention(pass, config.tokens(), sizes);
            Calm all = sizes.stream().map(OverlapPasses.Measured::calm).reduce(calm, Calm::and);
            conclude(
                new OverlapModel(schedule, pass, attention, networks.get(i), unhidden),
                name(i),
                all,
                fractions);
          }
        });
  }

  /**
   * Bytes/s of the messages of all block sizes.
   *
   * @param limit of the bandwidth in GB/s
   */
  private RateCurve network(double limit) {
    SortedSet<Long> sizes = new TreeSet<>(List.of(SMALLEST));
    for (int tokens : config.tokens()) {
      sizes.add(Math.min(LARGEST, schedule.keyValueBytes(tokens)));
      sizes.add(Math.min(LARGEST, schedule.gradientBytes(tokens)));
    }
    world.limit(limit * 1e9);
    CoreTime before = CoreTime.now();
    List<RingMessages.Measured> rows = sizes.stream().map(messages::measure).toList();
    calm = calm.and(Calm.since(before, world, 1));
    for (RingMessages.Measured row : rows) {
      print.accept(
          messageTable.row(
              limit, row.bytes(), row.seconds() * 1e6, row.bytesPerS() * 1e-9, row.wrong()));
      wrong += row.wrong();
    }
    return new RateCurve(
        rows.stream().mapToDouble(RingMessages.Measured::bytes).toArray(),
        rows.stream().mapToDouble(RingMessages.Measured::bytesPerS).toArray());
  }

  /** Measures one size, prints its rows, adds what was found. */
  private void block(
      int tokens,
      List<RateCurve> networks,
      RateCurve unhidden,
      Map<RingPass, List<OverlapPasses.Measured>> found) {
    try (AttentionRunner alone = passes.alone(tokens);
        AttentionRunner ring = passes.ring(tokens)) {
      for (RingPass pass : RingPass.values()) { // the backward needs what the forward leaves
        found
            .computeIfAbsent(pass, any -> new ArrayList<>())
            .add(passes.measure(alone, ring, pass));
      }
      long wrongHere = passes.wrong(ring);
      wrong += wrongHere;
      found.forEach(
          (pass, sizes) -> {
            OverlapPasses.Measured last = sizes.get(sizes.size() - 1);
            RateCurve attention = attention(pass, List.of(tokens), List.of(last));
            for (int i = 0; i < networks.size(); i++) {
              var model = new OverlapModel(schedule, pass, attention, networks.get(i), unhidden);
              double limit = config.bandwidths().get(i) * 1e9;
              print.accept(
                  blocks.row(
                      new OverlapTable.Row(model, limit, tokens, last.waits().get(i), wrongHere)));
            }
          });
    }
  }

  /** FLOP/s of one block. */
  private RateCurve attention(
      RingPass pass, List<Integer> tokens, List<OverlapPasses.Measured> measured) {
    return new RateCurve(
        tokens.stream().mapToDouble(Integer::doubleValue).toArray(),
        IntStream.range(0, tokens.size())
            .mapToDouble(i -> schedule.blockFlops(pass, tokens.get(i)) / measured.get(i).blockS())
            .toArray());
  }

  private void conclude(OverlapModel model, String network, Calm all, double... fractions) {
    MeasuredThreshold found = MeasuredThreshold.of(tokens(), fractions, config.limit());
    OverlapThreshold threshold = OverlapThreshold.of(network, model, config.limit(), found, all);
    thresholds.add(threshold);
    print.accept(thresholdTable.row(threshold));
    print.accept(BenchTable.comment(threshold.line()));
    double[] sizes = curve();
    predicted.add(
        new Series(
            threshold.name() + ", predicted",
            sizes,
            Arrays.stream(sizes).map(size -> model.fraction((int) size)).toArray()));
    measured.add(new Series(threshold.name() + ", measured", tokens(), fractions));
  }

  /** Block sizes for a curve, equally far apart in logarithms. */
  private double[] curve() {
    double first = config.tokens().get(0);
    double last = config.tokens().get(config.tokens().size() - 1);
    return IntStream.rangeClosed(0, CURVE)
        .mapToDouble(i -> Math.rint(first * Math.pow(last / first, (double) i / CURVE)))
        .toArray();
  }

  private double[] tokens() {
    return config.tokens().stream().mapToDouble(Integer::doubleValue).toArray();
  }

  private String name(int network) {
    double limit = config.bandwidths().get(network);
    return limit == 0 ? "as it is" : String.format(Locale.ROOT, "%s GB/s", limit);
  }

  /** Wrong elements of all messages and results, on rank 0. */
  public long wrong() {
    return wrong;
  }

  /** Whether predictions hold, on rank 0. */
  public List<Check> checks() {
    return thresholds.stream().map(OverlapThreshold::check).toList();
  }

  /** For the summary. */
  public List<Map<String, Object>> thresholds() {
    return thresholds.stream().map(OverlapThreshold::fields).toList();
  }

  /** Rows of all blocks. */
  public String blocksCsv() {
    return blocks.csv();
  }

  /** Rows of all messages. */
  public String messagesCsv() {
    return messageTable.csv();
  }

  /** The paper's rows and ours. */
  public String thresholdsCsv() {
    return thresholdTable.csv();
  }

  /** Exposed part of the time by block size: curves as predicted, points as measured. */
  public byte[] plot() {
    return Plots.curvesAndPoints(
        "Exchange that attention does not hide",
        new Axis("tokens of a block", true),
        new Axis("exposed part of the time", false),
        predicted,
        measured);
  }
}
