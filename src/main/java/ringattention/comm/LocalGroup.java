package ringattention.comm;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Function;

/**
 * The meeting place of the in-process ranks of one communicator. Messages match in the order
 * posted, as in MPI, and whoever posts second copies; a collective is carried out by the last rank
 * to arrive.
 */
final class LocalGroup {
  private final LocalJob job;
  private final int size;
  private final Map<Integer, Channel> channels = new HashMap<>(); // by from * size + to
  private final Map<Long, Round> rounds =
      new HashMap<>(); // by number, while a rank is still to arrive
  private final long[] nextRound;

  LocalGroup(LocalJob job, int size) {
    this.job = job;
    this.size = size;
    this.nextRound = new long[size];
  }

  int size() {
    return size;
  }

  LocalJob job() {
    return job;
  }

  LocalRequest sendReceive(
      int rank, List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    String what = "rank " + rank + ": sendReceive to rank " + to + ", from rank " + from;
    int messages = (send.isEmpty() ? 0 : 1) + (receive.isEmpty() ? 0 : 1);
    LocalRequest request = new LocalRequest(job, what, messages);
    List<Match> matches = new ArrayList<>(2);
    synchronized (job) {
      job.requireAlive(what);
      if (!send.isEmpty()) {
        channel(rank, to).send(new Half(send, request), matches);
      }
      if (!receive.isEmpty()) {
        channel(from, rank).receive(new Half(receive, request), matches);
      }
    }
    for (Match match : matches) {
      String error = match.copy();
      synchronized (job) {
        match.finish(error);
        job.notifyAll();
      }
    }
    return request;
  }

  private Channel channel(int from, int to) {
    return channels.computeIfAbsent(
        from * size + to, key -> new Channel(new ArrayDeque<>(), new ArrayDeque<>()));
  }

  /**
   * Joins this rank's next collective.
   *
   * @param what operation and sizes; must be the same text on every rank
   * @param combine from the contributions in rank order to the result that every rank gets; the
   *     last rank's is used
   */
  <C> LocalRequest collective(int rank, String what, C contribution, Function<List<C>, ?> combine) {
    LocalRequest request = new LocalRequest(job, "rank " + rank + ": " + what, 1);
    Round round;
    synchronized (job) {
      job.requireAlive(request.toString());
      long number = nextRound[rank]++;
      round = rounds.computeIfAbsent(number, key -> new Round(what, size));
      round.join(rank, what, contribution, request);
      if (!round.isComplete()) {
        job.notifyAll(); // the others learn of a mismatch
        return request;
      }
      rounds.remove(number);
    }
    Object result = null;
    String error = null;
    try {
      result = combine.apply(round.contributions());
    } catch (RuntimeException thrown) {
      error = thrown.toString();
    }
    synchronized (job) {
      round.finish(result, error);
      job.notifyAll();
    }
    return request;
  }

  /** One side of a message. */
  private record Half(List<ByteBuffer> pieces, LocalRequest request) {}

  /**
   * Messages from one rank to another that wait for their other half; one of the queues is always
   * empty.
   */
  private record Channel(Queue<Half> sends, Queue<Half> receives) {
    void send(Half send, List<Match> matches) {
      if (receives.isEmpty()) {
        sends.add(send);
      } else {
        matches.add(new Match(send, receives.remove()));
      }
    }

    void receive(Half receive, List<Match> matches) {
      if (sends.isEmpty()) {
        receives.add(receive);
      } else {
        matches.add(new Match(sends.remove(), receive));
      }
    }
  }

  private record Match(Half send, Half receive) {
    /** Gives the error, null if there is none. */
    String copy() {
      List<Integer> sent = send.pieces.stream().map(ByteBuffer::remaining).toList();
      List<Integer> expected = receive.pieces.stream().map(ByteBuffer::remaining).toList();
      if (!sent.equals(expected)) {
        return "pieces of " + sent + " bytes were sent, of " + expected + " bytes expected";
      }
      for (int piece = 0; piece < sent.size(); piece++) {
        receive.pieces.get(piece).duplicate().put(send.pieces.get(piece).duplicate());
      }
      return null;
    }

    void finish(String error) {
      for (Half half : List.of(send, receive)) {
        if (error == null) {
          half.request.partDone(null);
        } else {
          half.request.partFailed(error);
        }
      }
    }
  }

  /** One collective call of the group. */
  private static final class Round {
    private final String what;
    private final Object[] contributions;
    private final LocalRequest[] requests;
    private int missing;
    private String mismatch; // null while all ranks agree

    Round(String what, int size) {
      this.what = what;
      this.contributions = new Object[size];
      this.requests = new LocalRequest[size];
      this.missing = size;
    }

    void join(int rank, String asked, Object contribution, LocalRequest request) {
      contributions[rank] = contribution;
      requests[rank] = request;
      missing--;
      if (mismatch == null && !asked.equals(what)) {
        mismatch = "rank " + rank + " makes the collective " + asked + ", others " + what;
      }
      if (mismatch != null) {
        for (LocalRequest joined : requests) {
          if (joined != null) {
            joined.partFailed(mismatch);
          }
        }
      }
    }

    boolean isComplete() {
      return missing == 0 && mismatch == null;
    }

    @SuppressWarnings("unchecked") // the operation's name, checked equal, fixes the type
    <C> List<C> contributions() {
      return (List<C>) Collections.unmodifiableList(Arrays.asList(contributions));
    }

    void finish(Object result, String error) {
      for (LocalRequest request : requests) {
        if (error == null) {
          request.partDone(result);
        } else {
          request.partFailed(error);
        }
      }
    }
  }
}
