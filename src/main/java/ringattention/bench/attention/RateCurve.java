package ringattention.bench.attention;

/**
 * A measured rate over sizes: between two sizes a straight line in logarithms, beyond the first and
 * the last their rates.
 *
 * @param sizes ascending
 * @param rates above 0
 */
public record RateCurve(double[] sizes, double[] rates) {
  public RateCurve {
    if (sizes.length == 0 || sizes.length != rates.length) {
      throw new IllegalArgumentException(rates.length + " rates of " + sizes.length + " sizes");
    }
  }

  double at(double size) {
    int above = 0;
    while (above < sizes.length && sizes[above] < size) {
      above++;
    }
    if (above == 0 || above == sizes.length) {
      return rates[Math.min(above, sizes.length - 1)];
    }
    double part = Math.log(size / sizes[above - 1]) / Math.log(sizes[above] / sizes[above - 1]);
    return rates[above - 1] * Math.pow(rates[above] / rates[above - 1], part);
  }

  double largest() {
    return sizes[sizes.length - 1];
  }

  double smallest() {
    return sizes[0];
  }
}
