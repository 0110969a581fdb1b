package ringattention.infer;

import ringattention.parallel.LoadableWeights;

/** An engine whose weights are still to be set. */
public interface WeightedEngine extends AutoCloseable {
  /** Returns the weights, to set them. */
  LoadableWeights weights();

  @Override
  void close();
}
