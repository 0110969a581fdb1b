package ringattention.comm;

/** A message or collective that failed, with the operation in its text. */
public final class CommunicationException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public CommunicationException(String message, Throwable cause) {
    super(message, cause);
  }

  public CommunicationException(String message) {
    super(message);
  }
}
