package ringattention.validate;

/** What is compared of a result of attention. Why each has its scale: validation/compare.md. */
enum Quantity {
  OUT("O", "max over rows of |O - ref| / (eps max|V| sqrt(sum p^2)), p the row's probabilities"),
  LOG_SUM_EXP("lse", "max over rows of |lse - ref| / (eps of sums max(1, |ref|))"),
  ROW_SUM("dO.O", "max over rows of |dO.O - ref| / (eps |dO| max|V| sqrt(sum p^2))"),
  QUERY_GRADIENT("dQ", "max over rows of |dQ - ref| / (eps max|K| sqrt(sum p^2))"),
  KEY_GRADIENT(
      "dK", "max over rows of |dK - ref| / (eps max|Q| sqrt(sum p^2)), p the key's probabilities"),
  VALUE_GRADIENT("dV", "max over rows of |dV - ref| / (eps max|dO| sqrt(sum p^2)), p as for dK");

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
