package ringattention.validate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import ringattention.comm.Communicator;
import ringattention.comm.Communicator.Operation;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.report.Units;

/**
 * Ring attention over all ranks against vanilla attention in float64, and its error against that of
 * the device's own attention over the whole sequence in one call. What does not fit is made
 * smaller, by heads, or said not to be checked; no check ends in an OutOfMemoryError.
 */
public final class AttentionChecks {
  /** Elements of one tensor of a whole result; of longer ones a sample is compared. */
  private static final long MOST_ELEMENTS = 1 << 22;

  private final Communicator world;
  private final Device device;
  private final PhaseTimer timer;
  private final long room;
  private final Consumer<AttentionRunner> ringDone;
  private final Consumer<AttentionRunner> callDone;

  /**
   * @param room bytes that a rank may allocate on the device, its workspace included; the same on
   *     every rank
   */
  public AttentionChecks(Communicator world, Device device, PhaseTimer timer, long room) {
    this(world, device, timer, room, runner -> {}, runner -> {});
  }

  /**
   * Lets tests spoil results.
   *
   * @param ringDone called with what the ring has computed
   * @param callDone called with what one call has computed
   */
  AttentionChecks(
      Communicator world,
      Device device,
      PhaseTimer timer,
      long room,
      Consumer<AttentionRunner> ringDone,
      Consumer<AttentionRunner> callDone) {
    this.world = world;
    this.device = device;
    this.timer = timer;
    this.room = room;
    this.ringDone = ringDone;
    this.callDone = callDone;
  }

  /**
   * Compares the whole result with the whole truth, of a long sequence a sample. Collective.
   *
   * @return the checks on rank 0, an empty list on the others
   */
  public List<Check> whole(AttentionProblem problem) {
    return checks(problem, isShort(problem));
  }

  /**
   * Compares the result at a sample of positions and heads, for sequences whose score matrix is too
   * large. Collective; returns what {@link #whole} does.
   */
  public List<Check> sampled(AttentionProblem problem) {
    return checks(problem, false);
  }

  /** Whether the whole problem and its whole result have room. Collective. */
  public boolean fits(AttentionProblem problem) {
    return isShort(problem) && needed(problem) <= room;
  }

  private static boolean isShort(AttentionProblem problem) {
    return elements(problem) <= MOST_ELEMENTS;
  }

  private static long elements(AttentionProblem problem) {
    return (long) problem.length() * problem.rowSize(AttentionProblem.Input.QUERY);
  }

  private List<Check> checks(AttentionProblem wanted, boolean whole) {
    AttentionProblem problem = fitting(wanted);
    Optional<Comparison> compared =
        needed(problem) <= room ? ring(problem, whole) : Optional.empty();
    if (compared.isEmpty()) {
      return notChecked("ring attention, " + problem, needed(problem));
    }
    Comparison ring = compared.get();
    List<Check> checks = new ArrayList<>();
    if (world.rank() == 0) {
      checks.addAll(ring.residuals());
    }
    if (rounds()) {
      Optional<AttentionResult> call = oneCall(problem.exchanged(1), ring.sample());
      if (call.isEmpty()) {
        checks.addAll(notChecked("ring vs one call, " + problem, callBytes(problem)));
      } else if (world.rank() == 0) {
        checks.addAll(ring.ratios(call.get(), world.size()));
      }
    }
    return checks;
  }

  private List<Check> notChecked(String name, double bytes) {
    return world.rank() == 0
        ? List.of(
            Check.notChecked(
                name,
                "a rank needs "
                    + Units.bytes((long) bytes)
                    + " on its device, "
                    + Units.bytes(room)
                    + " are free"))
        : List.of();
  }

  /**
   * Returns as much of the problem as fits, at least one key/value head a rank and chunk.
   * Collective.
   */
  private AttentionProblem fitting(AttentionProblem problem) {
    AttentionProblem fitting = problem;
    int parts = problem.headParts();
    while (needed(fitting) > room && fitting.batch() * fitting.heads().keyValue() > parts) {
      int heads = fitting.heads().keyValue();
      fitting =
          fitting.batch() > 1
              ? fitting.smaller(1, heads)
              : fitting.smaller(1, heads / parts / 2 * parts);
    }
    return fitting;
  }

  /** Returns the bytes of the rank that needs most. Collective. */
  private double needed(AttentionProblem problem) {
    long own = AttentionBuffers.ringBytes(problem, world.size(), world.rank(), device);
    return world.allReduce(own, Operation.MAX);
  }

  private double callBytes(AttentionProblem problem) {
    return AttentionBuffers.oneCallBytes(problem.oneHead(), device);
  }

  /**
   * Returns what the ring computes, the result on rank 0; empty if a rank has no room after all.
   */
  private Optional<Comparison> ring(AttentionProblem problem, boolean whole) {
    AttentionRunner opened = null;
    try {
      device.reserveWorkspace(
          AttentionBuffers.ringCalls(problem, world.size(), world.rank(), device));
      opened = AttentionRunner.ring(problem, world, device, device.compute(), timer);
    } catch (OutOfMemoryError full) {
      // agreed on below: the others would wait for this rank
    }
    boolean all = world.allReduce(opened == null ? 0 : 1, Operation.MIN) == 1;
    try (AttentionRunner runner = opened) {
      if (!all) {
        return Optional.empty();
      }
      runner.forward();
      runner.backward();
      ringDone.accept(runner);
      if (!whole) {
        SampledPlaces sample = SampledPlaces.of(problem, world.size());
        return Optional.of(
            new Comparison(
                problem, sample, runner.gather(sample), runner.truth(sample), Rounding.of(device)));
      }
      AttentionResult result = runner.gather();
      AttentionTruth truth =
          world.rank() == 0 ? AttentionTruth.whole(problem, device.compute()) : null;
      return Optional.of(
          new Comparison(
              problem, SampledPlaces.whole(problem), result, truth, Rounding.of(device)));
    }
  }

  /**
   * Returns the device's own attention over the whole sequence at a sample: of all heads at once on
   * rank 0, as the ring takes them, or if that does not fit head by head; empty if that does not
   * either. Collective.
   */
  private Optional<AttentionResult> oneCall(AttentionProblem problem, SampledPlaces sample) {
    AttentionResult all =
        AttentionResult.zeros(
            sample.positions().length,
            sample.heads().length,
            sample.keyValueHeads().length,
            problem.heads().size());
    if (isOneCall(problem) && tried(() -> addAllHeads(problem, sample, all))) {
      return Optional.of(summed(all));
    }
    boolean headByHead =
        isOneCall(problem.oneHead()) && tried(() -> addHeadByHead(problem, sample, all));
    return headByHead ? Optional.of(summed(all)) : Optional.empty();
  }

  /** Whether kernels take a whole problem, and it fits. */
  boolean isOneCall(AttentionProblem problem) {
    return AttentionBuffers.oneCallBytes(problem, device) <= room
        && elements(problem) <= Integer.MAX_VALUE;
  }

  /** Runs this rank's part; returns whether every rank had the memory. Collective. */
  private boolean tried(Runnable part) {
    boolean fits = true;
    try {
      part.run();
    } catch (OutOfMemoryError full) {
      fits = false;
    }
    return world.allReduce(fits ? 1 : 0, Operation.MIN) == 1;
  }

  private void addAllHeads(AttentionProblem problem, SampledPlaces sample, AttentionResult to) {
    if (world.rank() == 0) {
      try (AttentionRunner runner = AttentionRunner.oneCall(problem, device, timer)) {
        to.add(called(runner, sample));
      }
    }
  }

  private void addHeadByHead(AttentionProblem problem, SampledPlaces sample, AttentionResult to) {
    int[] heads = sample.heads();
    for (int column = world.rank(); column < heads.length; column += world.size()) {
      try (AttentionRunner runner =
          AttentionRunner.oneHead(problem, heads[column], device, timer)) {
        to.add(called(runner, sample.oneHead()), column, sample.group(), problem.heads().size());
      }
    }
  }

  private AttentionResult called(AttentionRunner runner, SampledPlaces sample) {
    runner.forward();
    runner.backward();
    callDone.accept(runner);
    return runner.gather(sample);
  }

  /** Adds up what the ranks have of a result. Collective. */
  private AttentionResult summed(AttentionResult parts) {
    for (Quantity quantity : Quantity.values()) {
      world.allReduce(parts.of(quantity), Operation.SUM);
    }
    return parts;
  }

  /** Whether float64 knows better: only then does a ratio of errors say something. */
  private boolean rounds() {
    return device.compute() != DType.F64;
  }
}
