package ringattention.train;

import ringattention.comm.AgreedException;

/** The loss or the gradient is no longer finite. */
public final class DivergedException extends AgreedException {
  private static final long serialVersionUID = 1;

  public DivergedException(String message) {
    super(message);
  }
}
