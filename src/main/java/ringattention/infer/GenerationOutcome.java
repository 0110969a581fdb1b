package ringattention.infer;

import java.util.List;

/**
 * What became of the answers of a run.
 *
 * @param finished answers that are complete
 * @param interrupted answers that had begun when the run was told to end
 * @param notBegun answers that had not begun then
 * @param refused why requests were refused, a line each
 * @param promptTokens that were computed; a shared context counts once
 * @param newTokens of all answers
 */
public record GenerationOutcome(
    int finished,
    int interrupted,
    int notBegun,
    List<String> refused,
    long promptTokens,
    long newTokens) {
  public GenerationOutcome {
    refused = List.copyOf(refused);
  }

  /** Returns whether every answer is complete. */
  public boolean isComplete() {
    return interrupted == 0 && notBegun == 0 && refused.isEmpty();
  }
}
