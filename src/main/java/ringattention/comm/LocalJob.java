package ringattention.comm;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What the in-process ranks of one run share: a lock, who is blocked in it, and the first failure.
 */
final class LocalJob {
  private final List<LocalRequest> blocked = new ArrayList<>();
  private int unfinishedRanks;
  private String failure; // null while all is well
  private Throwable cause; // null also when the ranks are stuck

  LocalJob(int ranks) {
    this.unfinishedRanks = ranks;
  }

  /** Blocks until the request is done, or the job has failed, or no rank could ever finish it. */
  synchronized void await(LocalRequest request) {
    blocked.add(request);
    try {
      while (!request.isDone()) {
        failIfStuck();
        requireAlive(request.toString());
        wait();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new CommunicationException(request + ": interrupted", interrupted);
    } finally {
      blocked.remove(request);
    }
  }

  synchronized void requireAlive(String what) {
    if (failure != null) {
      throw new CommunicationException(what + ": " + failure, cause);
    }
  }

  synchronized void rankReturned() {
    unfinishedRanks--;
    failIfStuck();
  }

  synchronized void rankFailed(int rank, Throwable thrown) {
    unfinishedRanks--;
    if (failure == null) {
      failure = "rank " + rank + " failed: " + thrown;
      cause = thrown;
      notifyAll();
    }
  }

  /** Ranks that all wait for each other can only be told so: nobody is left to wake them. */
  private void failIfStuck() {
    boolean stuck =
        failure == null
            && !blocked.isEmpty()
            && blocked.size() == unfinishedRanks
            && blocked.stream().noneMatch(LocalRequest::isDone);
    if (stuck) {
      failure =
          "no rank can go on: "
              + blocked.stream()
                  .map(LocalRequest::toString)
                  .sorted()
                  .collect(Collectors.joining("; "));
      notifyAll();
    }
  }
}
