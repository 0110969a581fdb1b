package ringattention.input;

import java.util.List;

/**
 * What a key is when it is not given.
 *
 * @param value null if there is none
 * @param text how the table of keys says it
 * @param example stands in for a required value when keys are only listed
 */
public record Default<T>(T value, String text, T example) {
  public static <T> Default<T> of(T value) {
    return new Default<>(value, Toml.write(value), value);
  }

  /** From other keys: the text says which, e.g. {@code hidden / heads}. */
  public static <T> Default<T> derived(T value, String text) {
    return new Default<>(value, text, value);
  }

  public static <T> Default<T> required(T example) {
    return new Default<>(null, "required", example);
  }

  @SafeVarargs
  public static <T> Default<List<T>> list(T... values) {
    return of(List.of(values));
  }
}
