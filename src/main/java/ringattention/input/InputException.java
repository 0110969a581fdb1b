package ringattention.input;

/**
 * An input the user must change. The message is one line that names file, key, value and what is
 * allowed.
 */
public final class InputException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public InputException(String message) {
    super(message);
  }
}
