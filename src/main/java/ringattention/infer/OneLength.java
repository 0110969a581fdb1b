package ringattention.infer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import ringattention.model.AttentionDetails;
import ringattention.model.LongRope;
import ringattention.model.ModelConfig;

/**
 * Requests that a model answers with one set of rotary frequencies. With longrope those of a text
 * depend on whether it is longer than the original context, and keys in the cache are not turned
 * again: a text must stay on one side of it while it grows, and all texts of a run on the same. Nor
 * may a text be longer than a sliding window: the cache has none.
 */
public final class OneLength {
  private OneLength() {}

  /** Returns the model as it computes all of the requests, which {@link #keep} has chosen. */
  public static ModelConfig model(ModelConfig model, List<Request> requests) {
    return requests.isEmpty() ? model : model.forLength(requests.get(0).tokens());
  }

  /**
   * Returns the requests without those that need other frequencies than the first, or two sets of
   * them, or that are longer than the model's window; these are among the problems.
   */
  public static Requests keep(Requests all, ModelConfig model) {
    Requests seen = withinWindow(all, model.details());
    return model.ropeScaling() instanceof LongRope scaling
        ? keep(seen, scaling.originalContext())
        : seen;
  }

  private static Requests withinWindow(Requests all, AttentionDetails details) {
    List<Request> kept = new ArrayList<>();
    List<String> problems = new ArrayList<>(all.problems());
    for (Request request : all.requests()) {
      if (details.holds(last(request))) {
        kept.add(request);
      } else {
        problems.add(
            text(
                "request %s: its %d tokens and up to %d new ones are more than the sliding window of the"
                    + " model (model.slidingWindow, sliding_window of config.json) allows: at most %d together",
                request.id(),
                request.tokens(),
                request.settings().maxNewTokens(),
                details.slidingWindow() + 1L));
      }
    }
    return new Requests(kept, problems);
  }

  /** Returns how many tokens of a request the model reads at most; the last new one it does not. */
  private static long last(Request request) {
    return (long) request.tokens() + request.settings().maxNewTokens() - 1;
  }

  private static Requests keep(Requests all, int context) {
    List<Request> kept = new ArrayList<>();
    List<String> problems = new ArrayList<>(all.problems());
    for (Request request : all.requests()) {
      boolean longer = request.tokens() > context;
      if (!longer && last(request) > context) {
        problems.add(
            text(
                "request %s: its %d tokens and up to %d new ones cross the %d tokens behind which longrope has"
                    + " other frequencies",
                request.id(), request.tokens(), request.settings().maxNewTokens(), context));
      } else if (!kept.isEmpty() && longer != kept.get(0).tokens() > context) {
        problems.add(
            text(
                "request %s: with %d tokens it needs the %s factors of longrope, request %s the others:"
                    + " ask it in a run of its own",
                request.id(), request.tokens(), longer ? "long" : "short", kept.get(0).id()));
      } else {
        kept.add(request);
      }
    }
    return new Requests(kept, problems);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
