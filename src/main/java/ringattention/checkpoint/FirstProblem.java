package ringattention.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Optional;
import ringattention.comm.Communicator;

/** What went wrong first, in the order of the ranks, told to every rank. */
final class FirstProblem {
  private FirstProblem() {}

  /**
   * Collective.
   *
   * @param mine empty if all is well on this rank
   */
  static Optional<String> of(Communicator world, String mine) {
    String first =
        world.gather(mine.getBytes(UTF_8)).stream()
            .map(bytes -> new String(bytes, UTF_8))
            .filter(text -> !text.isEmpty())
            .findFirst()
            .orElse("");
    String told = new String(world.broadcast(first.getBytes(UTF_8)), UTF_8);
    return Optional.of(told).filter(text -> !text.isEmpty());
  }
}
