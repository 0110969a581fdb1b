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
 * Chooses how many ranks hold the cache: those that answer fastest. More ranks read prompts and
 * their parts of the cache sooner, but every layer of a step waits for an exchange, and sharded
 * weights are gathered. Everything else in a step takes any number of ranks as long.
 */
final class CacheRanks {
  /**
   * How many ranks.
   *
   * @param why in words
   */
  record Choice(int ranks, String why) {}

  private static final double AS_FAST = 1.05; // rates are not known better

  /** Tokens of a sequence up to which a token counts alone, for prompts are read in no time. */
  private static final int SHORT = 16384;

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
   * Returns the fastest of 1 to {@code most} ranks that hold all requests at once: for a token of
   * short sequences, else for all there is to read and to append. Of those that are as fast to
   * {@link #AS_FAST} the most, for they read a prompt soonest; all if none does.
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

  private double seconds(int ranks, boolean resident) {
    double step = stepS(ranks, resident);
    return isShort() ? step : promptS(ranks) + steps() * step;
  }

  private boolean isShort() {
    return (long) need.longestPrompt() + steps() <= SHORT;
  }

  /** Returns the most tokens that a request appends. */
  private int steps() {
    return need.further().stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  /** Returns the seconds of a step that depend on the number of ranks. */
  private double stepS(int ranks, boolean resident) {
    double layers = model.layers() * rates.layerS(ranks, cacheBytes, partialBytes);
    return layers + (resident ? 0 : rates.gatherS(ranks, weightBytes));
  }

  private double promptS(int ranks) {
    double forwardAndBackward =
        need.prompts().stream().mapToDouble(tokens -> model.flops().causalExact(1, tokens)).sum();
    return rates.promptS(ranks, forwardAndBackward / 3);
  }

  /** Compares with the fewest and the most that hold all. */
  private String why(int best, TreeMap<Integer, Double> seconds) {
    return new TreeSet<>(List.of(seconds.firstKey(), best, seconds.lastKey()))
        .stream()
            .map(
                ranks ->
                    isShort()
                        ? String.format(
                            Locale.ROOT, "%.2f ms on %d", 1e3 * seconds.get(ranks), ranks)
                        : String.format(Locale.ROOT, "%.3g s on %d", seconds.get(ranks), ranks))
            .collect(
                Collectors.joining(
                    ", ",
                    isShort()
                        ? "over " + need.tokensOfStep() + " tokens a step's attention takes some "
                        : "prompts and the attention of " + steps() + " steps take some ",
                    ""));
  }
}
