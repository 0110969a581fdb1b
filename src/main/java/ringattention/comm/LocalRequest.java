package ringattention.comm;

/**
 * Work in flight between in-process ranks: done when all its parts are. Changed only while the
 * job's lock is held.
 */
final class LocalRequest implements Communicator.Request {
  private final LocalJob job;
  private final String what;
  private int missingParts;
  private String error; // null unless a part failed
  private Object value;

  /**
   * @param what this rank's call in words, for the text of errors
   */
  LocalRequest(LocalJob job, String what, int parts) {
    this.job = job;
    this.what = what;
    this.missingParts = parts;
  }

  void partDone(Object result) {
    value = result;
    missingParts--;
  }

  void partFailed(String text) {
    error = text;
    missingParts = 0;
  }

  boolean isDone() {
    return missingParts <= 0;
  }

  @Override
  public void await() {
    awaitValue();
  }

  /** What the collective gave to all ranks. */
  Object awaitValue() {
    synchronized (job) {
      job.await(this);
      if (error != null) {
        throw new CommunicationException(what + ": " + error);
      }
      return value;
    }
  }

  @Override
  public String toString() {
    return what;
  }
}
