package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a reader of a check is told. */
class QuantityTest {
  @ParameterizedTest
  @EnumSource(Quantity.class)
  void theFormulaSaysOfWhatTheDifferenceIsTaken(Quantity quantity) {
    assertTrue(
        quantity.formula().startsWith("max over rows of |" + quantity.symbol() + " - ref| / ("),
        quantity.formula());
  }
}
