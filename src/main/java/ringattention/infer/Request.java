package ringattention.infer;

import java.util.Arrays;

/**
 * One prompt and what is asked of it.
 *
 * @param id names it in results and errors
 * @param context [tokens] that come before the prompt; requests with the same are computed on one
 *     prefill of it; may be empty
 * @param prompt [tokens]; may be empty behind a context
 */
public record Request(String id, int[] context, int[] prompt, Settings settings) {
  public Request {
    if (context.length + prompt.length == 0) {
      throw new IllegalArgumentException("the prompt has no token");
    }
  }

  /** Returns the tokens of context and prompt. */
  public int tokens() {
    return context.length + prompt.length;
  }

  /** Returns context and prompt, [tokens]. */
  int[] all() {
    int[] all = Arrays.copyOf(context, tokens());
    System.arraycopy(prompt, 0, all, context.length, prompt.length);
    return all;
  }
}
