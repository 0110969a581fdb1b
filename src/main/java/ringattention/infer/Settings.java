package ringattention.infer;

import java.util.List;

/**
 * What an answer is to be like.
 *
 * @param maxNewTokens the most tokens of an answer
 * @param samples how many answers
 * @param stop texts before which an answer ends
 */
public record Settings(int maxNewTokens, int samples, Sampling sampling, List<String> stop) {
  public Settings {
    require(maxNewTokens >= 1, "maxNewTokens must be a whole number, at least 1");
    require(samples >= 1, "samples must be a whole number, at least 1");
    stop = List.copyOf(stop);
    require(stop.stream().noneMatch(String::isEmpty), "stop must not hold an empty text");
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalArgumentException(problem);
    }
  }
}
