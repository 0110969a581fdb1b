package ringattention.infer;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import ringattention.device.DeviceTraits;
import ringattention.metrics.DecodeRates;
import ringattention.model.ModelConfig;

/**
 * Chooses how many ranks hold the cache: those that make a token fastest. More ranks read their
 * parts of the cache sooner, but every layer of a step waits for an exchange, and sharded weights
 * are gathered. Everything else in a step takes any number of ranks as long.
 */
final class CacheRanks {
  /**
   * How many ranks.
   *
   * @param why in words
   */
  record Choice(int ranks, String why) {}

  private static final double AS_FAST = 1.05; // rates are not known better

  private final ModelConfig model;
  private final CacheNeed need;
  private final DecodeRates rates;
  private final double cacheBytes; // of a layer
  private final double partialBytes;
  private final double weightBytes;

  CacheRanks(ModelConfig model, int rows, CacheNeed need, DeviceTraits device, DecodeRates rates) {
    this.model = model;
    this.need = need;
    this.rates = rates;
    int compute = device.compute().bytes();
    this.cacheBytes = 2.0 * need.tokensOfStep() * model.heads().keyValueWidth() * compute;
    this.partialBytes =
        (double) Math.min(rows, need.further().size())
            * model.heads().query()
            * (model.heads().size() + 1)
            * device.sum().bytes();
    this.weightBytes = (double) model.parameters() * compute;
  }

  /**
   * Returns the fastest of 1 to {@code most} ranks that hold all requests at once; of those that
   * are as fast to {@link #AS_FAST} the most, for they read a prompt soonest; all if none does.
   *
   * @param whole the shape over so many ranks if it holds all requests
   */
  Choice choose(int most, IntFunction<Optional<EngineShape>> whole) {
    TreeMap<Integer, Double> seconds = new TreeMap<>(); // by ranks, of those that hold all
    for (int ranks = 1; ranks <= most; ranks++) {
      int some = ranks;
      whole.apply(ranks).ifPresent(s -> seconds.put(some, seconds(some, s.resident())));
    }
    if (seconds.isEmpty()) {
      return new Choice(most, "no number of them has room for all requests at once");
    }
    double least = Collections.min(seconds.values());
    int best =
        seconds.descendingKeySet().stream()
            .filter(ranks -> seconds.get(ranks) <= AS_FAST * least)
            .findFirst()
            .orElseThrow();
    return new Choice(best, why(best, seconds));
  }

  /** Returns the seconds of a step that depend on the number of ranks. */
  private double seconds(int ranks, boolean resident) {
    double layers = model.layers() * rates.layerS(ranks, cacheBytes, partialBytes);
    return layers + (resident ? 0 : rates.gatherS(ranks, weightBytes));
  }

  /** Compares with the fewest and the most that hold all. */
  private String why(int best, TreeMap<Integer, Double> seconds) {
    return new TreeSet<>(List.of(seconds.firstKey(), best, seconds.lastKey()))
        .stream()
            .map(
                ranks ->
                    String.format(Locale.ROOT, "%.2f ms on %d", 1e3 * seconds.get(ranks), ranks))
            .collect(
                Collectors.joining(
                    ", ",
                    "over " + need.tokensOfStep() + " tokens a step's attention takes some ",
                    ""));
  }
}
