package ringattention.config;

/** Something the user gave is wrong. The message is one line that names the file, the key, the value and what is allowed. */
public final class InputException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public InputException(String message) {
    super(message);
  }
}
