package ringattention.parallel;

import ringattention.device.Tensor;

/**
 * A whole parameter group in one flat buffer, weights or gradients, each parameter under its name
 * and shape.
 */
public final class Weights {
  private final ParameterGroup group;
  private final Tensor flat; // [elements of the group or more]

  Weights(ParameterGroup group, Tensor flat) {
    this.group = group;
    this.flat = flat;
  }

  /** The parameter whose name ends with this, in its own shape. */
  public Tensor get(String suffix) {
    for (Parameter parameter : group.parameters()) {
      if (parameter.name().endsWith(suffix)) {
        long offset = group.offset(parameter);
        return flat.slice(offset, offset + parameter.elements()).view(parameter.shape());
      }
    }
    throw new IllegalArgumentException("group " + group.name() + " has no parameter " + suffix);
  }
}
