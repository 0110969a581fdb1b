package ringattention.evaluate.suite;

import java.util.function.IntFunction;

/**
 * Makes contexts as long as they are asked for, counted in the model's tokens: with each of its
 * questions and the room for an answer a context has at most so many, and fewer than {@value
 * #SLACK} less (with the longest question, where pieces of filler are too long for all).
 */
record Fit(Prompts prompts) {
  static final int SLACK = 64;

  private static final double FIRST_GUESS = 16; // tokens of a piece of filler

  /**
   * Returns a context with so much filler that it has the length.
   *
   * @throws IllegalArgumentException in words that go behind the length
   */
  Asked of(int length, Suite.Recipe recipe) {
    IntFunction<Context> make = recipe.make();
    int most = recipe.most();
    Asked below = prompts.asked(make.apply(recipe.least()));
    if (below.most() > length) {
      throw new IllegalArgumentException(
          "is too short: the prompt and its answer take "
              + below.most()
              + " tokens with hardly any text");
    }
    int low = recipe.least(); // fits, and is too short
    int high = most + 1; // is too long, or is not there
    double each = FIRST_GUESS;
    for (int tries = 1; below.fewest() <= length - SLACK; tries++) {
      if (high - low <= 1) {
        if (below.most() > length - SLACK) {
          return below; // bytes: a piece is long, and some questions are shorter than others
        }
        throw new IllegalArgumentException(
            low == most
                ? "is too long: all there is makes " + below.most() + " tokens"
                : "cannot be met within " + SLACK + " tokens");
      }
      int guess = (int) Math.min(most, low + (length - SLACK / 2 - below.most()) / each);
      int middle = low + (high - low) / 2;
      int next = tries % 4 == 0 ? middle : Math.max(low + 1, Math.min(high - 1, guess));
      Asked tried = prompts.asked(make.apply(next));
      each = Math.max(.1, (double) (tried.most() - below.most()) / (next - low));
      if (tried.most() > length) {
        high = next;
      } else {
        below = tried;
        low = next;
      }
    }
    return below;
  }
}
