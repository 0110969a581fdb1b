package ringattention.infer;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What requests ask of the cache.
 *
 * @param longestPrompt tokens of the longest prompt; 0: there are no prompts
 * @param prompts tokens of the prompts that are in the cache together
 * @param further tokens that each of them appends at most; none: it is not known what is asked
 */
public record CacheNeed(int longestPrompt, List<Integer> prompts, List<Integer> further) {
  /** Whatever fits. */
  public static final CacheNeed UNKNOWN = new CacheNeed(Integer.MAX_VALUE, List.of(), List.of());

  public CacheNeed {
    prompts = List.copyOf(prompts);
    further = List.copyOf(further);
  }

  /** Returns what sequences need that begin empty and grow to so many tokens each. */
  public static CacheNeed ofEmpty(int sequences, int tokens) {
    return new CacheNeed(0, List.of(), Collections.nCopies(sequences, tokens));
  }

  /**
   * Returns what the largest requests need that are decoded together; a context that several have
   * is there once.
   *
   * @param batch answers decoded together
   */
  public static CacheNeed of(List<Request> requests, int batch) {
    List<Integer> prompts = new ArrayList<>();
    List<Integer> further = new ArrayList<>();
    Set<IntBuffer> contexts = new HashSet<>();
    List<Request> largest = new ArrayList<>(requests);
    largest.sort(Comparator.comparingInt(CacheNeed::tokens).reversed());
    for (Request request : largest) {
      if (further.size() >= batch) {
        break;
      }
      boolean shared = request.context().length > 0 && request.prompt().length > 0;
      if (!shared || contexts.add(IntBuffer.wrap(request.context()))) {
        prompts.add(request.tokens()); // what waits behind a context may be computed with it
      }
      int own =
          saturated(
              (long) (shared ? request.prompt().length : 0) + request.settings().maxNewTokens());
      int samples = Math.min(request.settings().samples(), batch - further.size());
      further.addAll(Collections.nCopies(samples, own));
    }
    int longest = requests.stream().mapToInt(Request::tokens).max().orElse(1);
    return new CacheNeed(longest, prompts, further);
  }

  /** Returns whether it is known what will be asked. */
  boolean isKnown() {
    return !further.isEmpty();
  }

  /** Returns the tokens that a step reads once all of these are in the cache and at their ends. */
  long tokensOfStep() {
    return prompts.stream().mapToLong(Integer::intValue).sum()
        + further.stream().mapToLong(Integer::intValue).sum();
  }

  private static int tokens(Request request) {
    return saturated((long) request.tokens() + request.settings().maxNewTokens());
  }

  private static int saturated(long tokens) {
    return (int) Math.min(Integer.MAX_VALUE, tokens);
  }
}
