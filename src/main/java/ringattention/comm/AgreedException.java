package ringattention.comm;

/**
 * An end that all ranks have agreed on: each throws it at the same place, and none waits for
 * another.
 */
public abstract class AgreedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  protected AgreedException(String message) {
    super(message);
  }
}
