package ringattention.comm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Ranks as threads of one process; also the one rank of a program started without MPI. Sums run in
 * rank order, so results are the same bits every time. Each rank calls from its own thread. Ranks
 * that disagree about a collective, or that all wait for each other, get an exception.
 */
public final class LocalCommunicator implements Communicator {
  private final LocalGroup group;
  private final int rank;

  LocalCommunicator(LocalGroup group, int rank) {
    this.group = group;
    this.rank = rank;
  }

  /** A communicator of one rank. */
  public static Communicator single() {
    return new LocalCommunicator(new LocalGroup(new LocalJob(1), 1), 0);
  }

  /**
   * Runs the body once per rank, each in a thread of its own, and waits for all.
   *
   * @return the results in rank order
   * @throws CommunicationException if a rank threw: names the first that did, with what it threw as
   *     the cause. The others get an exception from the communication they are blocked in, or from
   *     the next they try.
   */
  public static <T> List<T> run(int ranks, Function<Communicator, T> body) {
    LocalJob job = new LocalJob(ranks);
    LocalGroup world = new LocalGroup(job, ranks);
    List<T> results = new ArrayList<>(Collections.nCopies(ranks, null));
    List<Thread> threads = new ArrayList<>();
    for (int index = 0; index < ranks; index++) {
      int rank = index;
      Runnable task =
          () ->
              runRank(
                  job,
                  rank,
                  () -> results.set(rank, body.apply(new LocalCommunicator(world, rank))));
      Thread thread = new Thread(task, "rank " + rank);
      thread.setDaemon(true);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
    join(threads);
    job.requireAlive("run of " + ranks + " ranks");
    return results;
  }

  private static void runRank(LocalJob job, int rank, Runnable body) {
    try {
      body.run();
      job.rankReturned();
    } catch (Throwable thrown) { // an assertion's error too must wake the other ranks
      job.rankFailed(rank, thrown);
    }
  }

  private static void join(List<Thread> threads) {
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException interrupted) {
      threads.forEach(Thread::interrupt);
      Thread.currentThread().interrupt();
      throw new CommunicationException("interrupted while ranks were running", interrupted);
    }
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return group.size();
  }

  @Override
  public String host() {
    try {
      // asked of the kernel: the JDK's way goes through name resolution, which can take seconds
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      return "localhost";
    }
  }

  @Override
  public Communicator split(int color) {
    Arguments.requireColor(color);
    Object all = group.collective(rank, "split", color, this::communicators).awaitValue();
    return (Communicator) ((List<?>) all).get(rank);
  }

  /** One communicator for each rank of this group. */
  private List<Communicator> communicators(List<Integer> colors) {
    Map<Integer, LocalGroup> groups = new TreeMap<>();
    Map<Integer, Integer> nextRank = new TreeMap<>();
    List<Communicator> communicators = new ArrayList<>();
    for (int color : colors) {
      LocalGroup part =
          groups.computeIfAbsent(
              color, key -> new LocalGroup(group.job(), Collections.frequency(colors, key)));
      communicators.add(new LocalCommunicator(part, nextRank.merge(color, 1, Integer::sum) - 1));
    }
    return communicators;
  }

  @Override
  public Communicator self() {
    return single();
  }

  @Override
  public void barrier() {
    group.collective(rank, "barrier", rank, all -> null).await();
  }

  @Override
  public Request sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
    Arguments.requireRank("receiving", to, size());
    Arguments.requireRank("sending", from, size());
    return group.sendReceive(rank, Arguments.slices(send), to, Arguments.slices(receive), from);
  }

  @Override
  public Request allGather(ByteBuffer send, ByteBuffer receive) {
    Arguments.requireParts("allGather", send, receive, size());
    return allGather(send, Arguments.parts(receive, size()));
  }

  @Override
  public Request allGather(ByteBuffer send, List<ByteBuffer> receive) {
    Arguments.requireParts("allGather", send, receive, size());
    Gather mine = new Gather(Arguments.slice(send), Arguments.slices(receive));
    return group.collective(
        rank, "allGather of " + send.remaining() + " bytes", mine, LocalSums::gather);
  }

  @Override
  public Request reduceScatter(Element element, ByteBuffer send, ByteBuffer receive) {
    Arguments.requireParts("reduceScatter", receive, send, size());
    return reduceScatter(element, Arguments.parts(send, size()), receive);
  }

  @Override
  public Request reduceScatter(Element element, List<ByteBuffer> send, ByteBuffer receive) {
    Arguments.requireParts("reduceScatter", receive, send, size());
    Arguments.requireElements(element, receive);
    Scatter mine = new Scatter(Arguments.slices(send), Arguments.slice(receive));
    String what = "reduceScatter of " + receive.remaining() / element.bytes() + " " + element;
    return group.collective(rank, what, mine, all -> LocalSums.reduceScatter(element, all));
  }

  /** One rank's part, and where those of all ranks go. */
  record Gather(ByteBuffer send, List<ByteBuffer> receive) {}

  /** What one rank adds to the parts of all ranks, and where its own goes. */
  record Scatter(List<ByteBuffer> send, ByteBuffer receive) {}

  @Override
  public void allReduce(double[] values, Operation operation) {
    String what = "allReduce " + operation + " of " + values.length;
    group
        .collective(rank, what, values, (List<double[]> all) -> LocalSums.allReduce(operation, all))
        .await();
  }

  @Override
  public List<byte[]> gather(byte[] bytes) {
    Function<List<byte[]>, List<byte[]>> copies = all -> all.stream().map(byte[]::clone).toList();
    Object all = group.collective(rank, "gather", bytes, copies).awaitValue();
    return rank == 0 ? ((List<?>) all).stream().map(byte[].class::cast).toList() : List.of();
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    Arguments.requireRoot(rank, bytes);
    Object root =
        group
            .collective(rank, "broadcast", bytes, (List<byte[]> all) -> all.get(0).clone())
            .awaitValue();
    byte[] copy = (byte[]) root;
    return Arrays.copyOf(copy, copy.length);
  }

  /**
   * There is no job to take down but the threads of {@link #run}: throws, and so ends this rank and
   * with it the others.
   */
  @Override
  public void abort(int exitCode) {
    throw new CommunicationException(
        "rank " + rank + " of " + size() + " aborts with exit code " + exitCode);
  }

  @Override
  public String description() {
    return size() == 1 ? "one rank, no MPI" : size() + " ranks as threads, no MPI";
  }

  @Override
  public void close() {}
}
