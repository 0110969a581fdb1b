package ringattention.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import ringattention.comm.Communicator;
import ringattention.input.InputException;
import ringattention.report.OutputException;

/**
 * Makes ranks go on together, or end together with the same line. All methods are collective.
 *
 * @param world the ranks that agree, for host memory
 */
public record Agreement(Communicator world) {
  /**
   * Does on every rank what may fail for bad input. If it fails anywhere, every rank throws, with
   * the message of the first rank that failed, which is named unless it is rank 0.
   */
  public <T> T on(Supplier<T> work) {
    T result = null;
    String problem = "";
    try {
      result = work.get();
    } catch (InputException | OutputException e) {
      problem = e.getMessage();
    }
    List<String> problems = problems(problem);
    for (int rank = 0; rank < problems.size(); rank++) {
      if (!problems.get(rank).isEmpty()) {
        throw new InputException((rank > 0 ? "rank " + rank + ": " : "") + problems.get(rank));
      }
    }
    return result;
  }

  /**
   * Demands that every rank has what rank 0 has.
   *
   * @throws InputException on every rank, naming the first rank that differs, in which parts, and
   *     both values
   */
  public void onSame(SharedParts own) {
    SharedParts first = SharedParts.of(world.broadcast(own.json()));
    Map<String, String> different = own.differences(first);
    String problem =
        different.isEmpty()
            ? ""
            : "rank " + world.rank() + " differs from rank 0 in " + SharedParts.text(different);
    problems(problem).stream()
        .filter(text -> !text.isEmpty())
        .findFirst()
        .ifPresent(
            text -> {
              throw new InputException(text);
            });
  }

  /** Returns a text of every rank, on every rank. */
  List<String> gather(String text) {
    List<byte[]> texts = world.gather(text.getBytes(UTF_8));
    String joined =
        String.join("\0", texts.stream().map(bytes -> new String(bytes, UTF_8)).toList());
    byte[] all = world.broadcast(joined.getBytes(UTF_8));
    return List.of(new String(all, UTF_8).split("\0", -1));
  }

  /** Returns the problem of every rank; an empty list if no rank has one. */
  private List<String> problems(String own) {
    double failed = world.allReduce(own.isEmpty() ? 0 : 1, Communicator.Operation.SUM);
    return failed == 0 ? List.of() : gather(own.replace('\0', ' '));
  }
}
