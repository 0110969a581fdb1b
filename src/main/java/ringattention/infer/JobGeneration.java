package ringattention.infer;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import ringattention.comm.Communicator;

/**
 * A generation by the first ranks of a job. The others wait, can be told to stop like them, and
 * learn what came of it.
 */
public final class JobGeneration {
  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  // what a rank says before every prefill and step; the largest number counts
  private static final int GO_ON = 0;
  private static final int STOP = 1;
  private static final int DONE = 2;

  private final Communicator world;
  private final Optional<Generation> own;

  /**
   * @param world all ranks of the job
   * @param own of this rank; empty where it waits. Rank 0 has one.
   */
  public JobGeneration(Communicator world, Optional<Generation> own) {
    this.world = world;
    this.own = own;
  }

  /**
   * Makes the answers to all requests, or waits for them. Collective over the job.
   *
   * @param listener hears of answers on ranks that make them
   * @param stop whether this rank wishes to end with what there is
   * @return what came of it, the same on all ranks
   * @see Generation#run
   */
  public GenerationOutcome run(
      List<Request> requests,
      Set<SampleKey> done,
      GenerationListener listener,
      BooleanSupplier stop) {
    boolean[] stopped = new boolean[1];
    BooleanSupplier isStopped = () -> stopped[0] = say(stop.getAsBoolean() ? STOP : GO_ON) != GO_ON;
    if (own.isEmpty()) {
      while (!isStopped.getAsBoolean()) {
        continue; // it is said once more
      }
      return told(null);
    }
    GenerationOutcome outcome = own.get().run(requests, done, listener, isStopped);
    if (!stopped[0]) {
      say(DONE);
    }
    return told(outcome);
  }

  private double say(int own) {
    return world.allReduce(own, Communicator.Operation.MAX);
  }

  /** Returns rank 0's outcome. */
  private GenerationOutcome told(GenerationOutcome outcome) {
    try {
      byte[] bytes = world.rank() == 0 ? JSON.writeValueAsBytes(outcome) : null;
      return JSON.readValue(world.broadcast(bytes), GenerationOutcome.class);
    } catch (IOException e) { // never of numbers and texts
      throw new IllegalStateException(e);
    }
  }
}
