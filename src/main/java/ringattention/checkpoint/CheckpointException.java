package ringattention.checkpoint;

import ringattention.comm.AgreedException;

/** A checkpoint that could not be written; the message names the file. The same on every rank. */
public final class CheckpointException extends AgreedException {
  private static final long serialVersionUID = 1;

  public CheckpointException(String message) {
    super(message);
  }
}
