package ringattention.evaluate.suite;

import java.util.ArrayList;
import java.util.List;
import ringattention.infer.Request;

/**
 * A context and its questions as the model reads them.
 *
 * @param requests of the questions, in their order; they share the context's tokens
 */
record Asked(Context context, List<Request> requests) {
  /** Returns the most tokens that one of the questions needs, context and answer included. */
  int most() {
    return requests.stream().mapToInt(Asked::tokens).max().orElseThrow();
  }

  /** Returns the fewest tokens that one of the questions needs. */
  int fewest() {
    return requests.stream().mapToInt(Asked::tokens).min().orElseThrow();
  }

  private static int tokens(Request request) {
    return Math.addExact(request.tokens(), request.settings().maxNewTokens());
  }

  List<Case> cases(int length) {
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      cases.add(new Case(length, context.depth(), context.questions().get(i), requests.get(i)));
    }
    return cases;
  }
}
