package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.NamedWork;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Span;
import ringattention.metrics.Track;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionResult;
import ringattention.validate.AttentionRunner;

/**
 * What the ring asks of its device and its neighbours: which calls, in which order, by which name.
 */
class RingWorkTest {
  private static AttentionProblem problem(LayoutKind layout, Mask mask, int length) {
    return new AttentionProblem(length, 1, new HeadCounts(8, 4, 2), mask, layout, 1);
  }

  /** A rank's device and what happened on it, in order. */
  private static final class Watch {
    final List<String> events = Collections.synchronizedList(new ArrayList<>());
    final List<AttentionCall> calls = new ArrayList<>(); // of the backward
    final List<Long> merged = new ArrayList<>(); // addresses that merges write to
    private final boolean asynchronous;
    private boolean widerSums; // whether the device says that sums are of another type
    private int ranges;

    Watch(boolean asynchronous) {
      this.asynchronous = asynchronous;
    }

    Device device() {
      return WatchedDevice.around(new ReferenceDevice(), this::seen);
    }

    Communicator ring(Communicator ring) {
      return WatchedDevice.watched(
          Communicator.class,
          ring,
          (method, arguments, call) -> {
            if (method.equals("sendReceive")) {
              events.add("send");
            }
            return call.make();
          });
    }

    private Object seen(String method, Object[] arguments, WatchedDevice.Call call)
        throws Throwable {
      switch (method) {
        case "asynchronous":
          return asynchronous;
        case "sum":
          return widerSums ? DType.F32 : DType.F64;
        case "range":
          events.add((String) ((Supplier<?>) arguments[0]).get());
          ranges++;
          return (NamedWork) () -> ranges--;
        case "backward":
          calls.add(call(arguments));
          break;
        case "merge":
          merged.add(((Tensor) arguments[4]).address());
          break;
        case "fill":
          events.add("fill");
          break;
        default:
          break;
      }
      return call.make();
    }

    private static AttentionCall call(Object[] backward) {
      BlockShape shape = BlockShape.of((Tensor) backward[0], (Tensor) backward[1]);
      return new AttentionCall(shape, (Mask) backward[3], (Heads) backward[7]);
    }
  }

  /** Runs both passes; returns the result on rank 0. */
  private static AttentionResult run(
      AttentionProblem problem, Communicator rank, Watch watch, PhaseTimer timer) {
    try (Device device = watch.device();
        AttentionRunner runner =
            AttentionRunner.ring(problem, watch.ring(rank), device, DType.F64, timer)) {
      watch.events.clear();
      timer.timeline().start();
      runner.forward();
      runner.backward();
      assertEquals(0, watch.ranges, "ranges are left open");
      return runner.gather();
    }
  }

  private static List<Watch> watched(AttentionProblem problem, int ranks, boolean asynchronous) {
    return LocalCommunicator.run(
        ranks,
        rank -> {
          Watch watch = new Watch(asynchronous);
          run(problem, rank, watch, new PhaseTimer(System::nanoTime));
          return watch;
        });
  }

  @Test
  void workIsNamedAndSendsComeFirstWhereTheHostComputes() {
    Watch watch = watched(problem(LayoutKind.ZIGZAG, Mask.CAUSAL, 18), 3, false).get(1);
    assertEquals(
        List.of(
            "send",
            "forward step 0: 6 x 6 causal",
            "send",
            "forward step 1: 6 x 3 full",
            "merge",
            "forward step 2: 3 x 6 full",
            "merge"),
        withoutFills(watch).subList(0, 7));
    assertEquals(
        List.of(
            "send",
            "backward step 0: 6 x 6 causal",
            "send",
            "backward step 1: 6 x 3 full",
            "send",
            "backward step 2: 3 x 6 full",
            "add gradient, step 2",
            "send",
            "backward step 3: 6 x 6 causal",
            "add gradient, step 3"),
        withoutFills(watch).subList(7, 17));
  }

  /** A device that works by itself gets its work first, and computes while the host waits. */
  @Test
  void workComesFirstWhereTheHostOnlyWaits() {
    Watch watch = watched(problem(LayoutKind.ZIGZAG, Mask.CAUSAL, 18), 3, true).get(1);
    assertEquals(
        List.of(
            "forward step 0: 6 x 6 causal",
            "send",
            "forward step 1: 6 x 3 full",
            "merge",
            "send",
            "forward step 2: 3 x 6 full",
            "merge",
            "backward step 0: 6 x 6 causal",
            "send"),
        withoutFills(watch).subList(0, 9));
  }

  private static List<String> withoutFills(Watch watch) {
    return watch.events.stream().filter(event -> !event.equals("fill")).toList();
  }

  /** The first contribution overwrites: where nothing is done in parts, nothing is cleared. */
  @Test
  void oneRankClearsNothing() {
    Watch watch = watched(problem(LayoutKind.CONTIGUOUS, Mask.CAUSAL, 6), 1, false).get(0);
    assertEquals(
        List.of("forward step 0: 6 x 6 causal", "backward step 0: 6 x 6 causal"), watch.events);
  }

  /** One key/value head is not parted among the first and the last step. */
  @Test
  void aSingleHeadIsDoneAtOnce() {
    AttentionProblem single =
        new AttentionProblem(8, 1, new HeadCounts(2, 1, 2), Mask.FULL, LayoutKind.CONTIGUOUS, 1);
    Watch watch = watched(single, 2, false).get(0);
    assertTrue(!watch.events.contains("fill"), watch.events.toString());
    assertEquals(2, watch.calls.size());
  }

  @Test
  void flightsStandInTheTrace() {
    List<List<Span>> traces =
        LocalCommunicator.run(
            3,
            rank -> {
              PhaseTimer timer = new PhaseTimer(System::nanoTime);
              run(problem(LayoutKind.STRIPED, Mask.CAUSAL, 18), rank, new Watch(false), timer);
              return timer.timeline().stop();
            });
    for (List<Span> trace : traces) {
      assertEquals(
          List.of("for step 1", "for step 2", "for step 1", "for step 2"),
          names(trace, Track.KEY_VALUES));
      assertEquals(List.of("for step 2", "for step 3"), names(trace, Track.GRADIENTS));
    }
  }

  private static List<String> names(List<Span> trace, Track track) {
    return trace.stream().filter(span -> span.track() == track).map(Span::name).toList();
  }

  /** Outputs that several blocks see are summed in the buffer of the wider type. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void totalsOfAnotherTypeGiveTheSame(int ranks) {
    AttentionProblem problem = problem(LayoutKind.CONTIGUOUS, Mask.FULL, 24);
    AttentionResult same = forward(problem, ranks, false);
    AttentionResult wider = forward(problem, ranks, true);
    assertArrayEquals(same.out(), wider.out());
    assertArrayEquals(same.logSumExp(), wider.logSumExp());
  }

  private static AttentionResult forward(AttentionProblem problem, int ranks, boolean wider) {
    return LocalCommunicator.run(
            ranks,
            rank -> {
              Watch watch = new Watch(false);
              PhaseTimer timer = new PhaseTimer(System::nanoTime);
              try (Device device = watch.device();
                  AttentionRunner runner =
                      AttentionRunner.ring(problem, rank, device, DType.F64, timer)) {
                watch.widerSums = wider;
                runner.forward();
                watch.widerSums = false;
                boolean elsewhere = new HashSet<>(watch.merged).size() > 1;
                assertEquals(wider && ranks > 2, elsewhere, "totals of three blocks and more");
                runner.backward();
                return runner.gather();
              }
            })
        .get(0);
  }

  private static AttentionShape shape(AttentionProblem problem, SequenceLayout layout, int rank) {
    return new AttentionShape(
        layout.size(rank), layout.largestShard(), problem.batch(), problem.heads());
  }

  /** Workspaces are planned for these calls: each that is made, and no other. */
  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void callsAreThoseThatAreMade(LayoutKind kind) {
    for (Mask mask : Mask.values()) {
      for (int ranks = 1; ranks <= 3; ranks++) {
        AttentionProblem problem = problem(kind, mask, 19);
        SequenceLayout layout = problem.ringLayout(ranks);
        List<Watch> watches = watched(problem, ranks, false);
        for (int rank = 0; rank < ranks; rank++) {
          List<AttentionCall> planned =
              new RingSchedule(layout, mask, rank)
                  .calls(new ReferenceDevice(), shape(problem, layout, rank));
          Set<AttentionCall> made = new LinkedHashSet<>(watches.get(rank).calls);
          assertEquals(made, new HashSet<>(planned), layout + " " + mask + " rank " + rank);
          assertEquals(made.size(), planned.size(), "a call is planned twice");
        }
      }
    }
  }

  @Test
  void packedCallsAreTheLargestOfAnyDocuments() {
    AttentionProblem problem = problem(LayoutKind.ZIGZAG, Mask.CAUSAL, 8);
    SequenceLayout layout = problem.ringLayout(1);
    AttentionShape shape = shape(problem, layout, 0);
    assertEquals(
        List.of(
            call(4, 4, Mask.CAUSAL, 0, 4),
            call(4, 4, Mask.FULL, 0, 4),
            call(8, 8, Mask.CAUSAL, 0, 4),
            call(1, 8, Mask.FULL, 0, 4),
            call(8, 1, Mask.FULL, 0, 4)),
        new RingSchedule(layout, Mask.CAUSAL, 0).packedCalls(new LateDevice(5, 2), shape));
    layout = problem.ringLayout(2);
    shape = shape(problem, layout, 0);
    assertEquals(
        List.of(
            call(4, 4, Mask.CAUSAL, 0, 1),
            call(4, 4, Mask.CAUSAL, 1, 4),
            call(2, 4, Mask.FULL, 0, 4),
            call(1, 4, Mask.FULL, 0, 1),
            call(1, 4, Mask.FULL, 1, 4),
            call(4, 1, Mask.FULL, 0, 1),
            call(4, 1, Mask.FULL, 1, 4),
            call(1, 4, Mask.FULL, 0, 4),
            call(2, 1, Mask.FULL, 0, 4)),
        new RingSchedule(layout, Mask.CAUSAL, 0).packedCalls(new LateDevice(5, 2), shape));
  }

  private static AttentionCall call(int queries, int keys, Mask mask, int from, int to) {
    return new AttentionCall(
        new BlockShape(queries, keys, 1, new HeadCounts(8, 4, 2)), mask, new Heads(from, to));
  }

  /** One document is never cut into tiles: its shapes come again every step. */
  @Test
  void onlyDocumentsAreTiled() {
    RingSchedule schedule =
        new RingSchedule(SequenceLayout.of(LayoutKind.CONTIGUOUS, 8, 1), Mask.FULL, 0);
    LateDevice tiles = new LateDevice(Integer.MAX_VALUE, 2);
    assertEquals(1, schedule.forward(tiles, 1, Documents.ONE).get(0).blocks().size());
    assertEquals(8, schedule.forward(tiles, 1, Documents.startingAt(0, 5)).get(0).blocks().size());
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 1", "4, 1", "5, 2", "6, 2", "8, 2", "9, 3", "32, 8"})
  void aQuarterOfTheHeadsIsEarly(int heads, int early) {
    SequenceLayout ring = SequenceLayout.of(LayoutKind.CONTIGUOUS, 8, 2);
    assertEquals(early, new RingSchedule(ring, Mask.FULL, 0).earlyHeads(heads));
    SequenceLayout alone = SequenceLayout.of(LayoutKind.CONTIGUOUS, 8, 1);
    assertEquals(heads, new RingSchedule(alone, Mask.FULL, 0).earlyHeads(heads));
  }
}
