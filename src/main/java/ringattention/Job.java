package ringattention;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.config.InputException;
import ringattention.metrics.PhaseTimer;
import ringattention.report.OutputException;

/**
 * The job this rank is part of: how it was started, who the others are, what time it spends.
 *
 * @param gpu this rank's, if there is one
 * @param world all ranks, for host memory; {@link Equipment#world} is for the device's
 * @param environment the process environment
 */
record Job(
    CommandLine line,
    Launch launch,
    GpuChoice gpu,
    Communicator world,
    Map<String, String> environment,
    PrintStream console,
    PrintStream errors,
    PhaseTimer timer) {
  /** The same for some of the ranks alone. */
  Job on(Communicator group) {
    return new Job(line, launch, gpu, group, environment, console, errors, timer);
  }

  boolean root() {
    return world.rank() == 0;
  }

  /**
   * Does on every rank what may fail for bad input. If it fails anywhere, every rank throws, with
   * the message of the first rank that failed. Collective.
   */
  <T> T agree(Supplier<T> work) {
    T result = null;
    String problem = "";
    try {
      result = work.get();
    } catch (InputException | OutputException e) {
      problem = e.getMessage();
    }
    if (world.allReduce(problem.isEmpty() ? 0 : 1, Communicator.Operation.SUM) == 0) {
      return result;
    }
    throw new InputException(
        gather(problem).stream().filter(text -> !text.isEmpty()).findFirst().orElseThrow());
  }

  /** A text of every rank, on every rank. Collective. */
  List<String> gather(String text) {
    List<byte[]> texts = world.gather(text.getBytes(StandardCharsets.UTF_8));
    String joined =
        String.join(
            "\0", texts.stream().map(bytes -> new String(bytes, StandardCharsets.UTF_8)).toList());
    byte[] all = world.broadcast(joined.getBytes(StandardCharsets.UTF_8));
    return List.of(new String(all, StandardCharsets.UTF_8).split("\0", -1));
  }
}
