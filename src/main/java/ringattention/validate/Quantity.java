package ringattention.validate;

/** What is compared of a result of attention. Why each has its scale: validation/compare.md. */
enum Quantity {
  OUT(
      "O",
      "max over rows of |O - ref| / (max|V| w), w = eps sqrt(sum p^2) + eps of sums * sum p, p the row's probabilities"),
  LOG_SUM_EXP("lse", "max over rows of |lse - ref| / (eps of sums max(1, |ref|))"),
  ROW_SUM("dO.O", "max over rows of |dO.O - ref| / (|dO| max|V| w), w as for O"),
  QUERY_GRADIENT("dQ", "max over rows of |dQ - ref| / (max|K| w), w as for O"),
  KEY_GRADIENT(
      "dK", "max over rows of |dK - ref| / (max|Q| w), w as for O, p the key's probabilities"),
  VALUE_GRADIENT("dV", "max over rows of |dV - ref| / (max|dO| w), w as for dK");

  private final String symbol;
  private final String formula;

  Quantity(String symbol, String formula) {
    this.symbol = symbol;
    this.formula = formula;
  }

  /** The name in checks. */
  String symbol() {
    return symbol;
  }

  /** How the scaled residual is computed. */
  String formula() {
    return formula;
  }
}
