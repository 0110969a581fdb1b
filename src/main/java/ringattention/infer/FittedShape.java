package ringattention.infer;

import java.util.Optional;
import ringattention.device.DeviceTraits;
import ringattention.run.MemoryLimits;

/**
 * What an engine over so many ranks has room for.
 *
 * @param shape empty: not even one slot
 * @param smallest that was tried
 * @param wanted slots that hold all requests
 */
record FittedShape(Optional<EngineShape> shape, EngineShape smallest, int wanted) {
  /**
   * Returns the shape with as many slots as are wanted, or as have room; its weights are sharded
   * where that is left open, and more fits then.
   */
  static FittedShape of(
      EngineShape shape,
      InferConfig config,
      CacheNeed need,
      DeviceTraits device,
      MemoryLimits limits) {
    int wanted = wanted(config, shape, need);
    FittedShape fitted = new FittedShape(fitted(shape, wanted, device, limits), shape, wanted);
    if (config.weights() != WeightsKind.AUTO || shape.ranks() == 1 || fitted.slots() >= wanted) {
      return fitted;
    }
    EngineShape sharded = shape.withWeights(false);
    FittedShape more = new FittedShape(fitted(sharded, wanted, device, limits), sharded, wanted);
    return more.slots() > fitted.slots() ? more : new FittedShape(fitted.shape, sharded, wanted);
  }

  private int slots() {
    return shape.map(EngineShape::slots).orElse(0);
  }

  /** Returns the shape if it holds all that is wanted. */
  Optional<EngineShape> whole() {
    return shape.filter(some -> some.slots() >= wanted);
  }

  private static int wanted(InferConfig config, EngineShape shape, CacheNeed need) {
    if (config.cache() > 0) {
      return (config.cache() - 1) / shape.ranks() + 1;
    }
    int most = Integer.MAX_VALUE / shape.ranks(); // tokens are counted in ints
    if (!need.isKnown()) {
      return most;
    }
    long slots = 0;
    for (int tokens : need.prompts()) {
      slots += shape.prefix(tokens).slots();
    }
    for (int tokens : need.further()) {
      slots += shape.tail().slots(tokens);
    }
    return (int) Math.min(most, slots);
  }

  /**
   * Returns the shape with so many slots, or with the most that fit; empty if not even one does.
   */
  private static Optional<EngineShape> fitted(
      EngineShape shape, int wanted, DeviceTraits device, MemoryLimits limits) {
    if (hold(shape.withSlots(wanted), device, limits)) {
      return Optional.of(shape.withSlots(wanted));
    }
    int fits = 0;
    int tooMany = wanted;
    while (tooMany - fits > 1) {
      int middle = fits + (tooMany - fits) / 2;
      if (hold(shape.withSlots(middle), device, limits)) {
        fits = middle;
      } else {
        tooMany = middle;
      }
    }
    return fits == 0 ? Optional.empty() : Optional.of(shape.withSlots(fits));
  }

  private static boolean hold(EngineShape shape, DeviceTraits device, MemoryLimits limits) {
    return EngineMemory.ranks(shape)
        .allMatch(rank -> limits.hold(EngineMemory.of(shape, rank, device)));
  }
}
