package ringattention.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.model.AttentionDetails;
import ringattention.model.LongRope;
import ringattention.model.ModelConfig;
import ringattention.shard.LayoutKind;

/** Requests of a longrope model, whose old context is 64 tokens. */
class OneLengthTest {
  private static final ModelConfig MODEL =
      Engines.small(new LongRope(List.of(1., 1., 1.), List.of(2., 3., 4.), 4, 64, 1, false));

  private static Request request(String id, int tokens, int maxNewTokens) {
    Settings settings = new Settings(maxNewTokens, 1, new Sampling(0, 0, 1, 1, 1), List.of());
    return new Request(id, new int[3], new int[tokens - 3], settings);
  }

  private static Requests keep(ModelConfig model, Request... requests) {
    return OneLength.keep(new Requests(Arrays.asList(requests), List.of("x:1: broken")), model);
  }

  private static List<String> ids(Requests requests) {
    return requests.requests().stream().map(Request::id).toList();
  }

  /** The last new token is not read by the model: 60 and 5 are computed within 64 tokens. */
  @Test
  void shortOnesStayTogether() {
    Requests kept =
        keep(
            MODEL,
            request("a", 60, 5),
            request("b", 60, 6),
            request("c", 64, 1),
            request("d", 65, 9));
    assertEquals(List.of("a", "c"), ids(kept));
    assertEquals(
        List.of(
            "x:1: broken",
            "request b: its 60 tokens and up to 6 new ones cross the 64 tokens behind which longrope"
                + " has other frequencies",
            "request d: with 65 tokens it needs the long factors of longrope, request a the others:"
                + " ask it in a run of its own"),
        kept.problems());
    assertEquals(
        new LongRope(List.of(1., 1., 1.), List.of(2., 3., 4.), 4, 64, 1, false),
        OneLength.model(MODEL, kept.requests()).ropeScaling());
  }

  @Test
  void longOnesStayTogether() {
    Requests kept = keep(MODEL, request("a", 65, 1), request("b", 9, 1), request("c", 4000, 50));
    assertEquals(List.of("a", "c"), ids(kept));
    assertEquals(
        List.of(
            "x:1: broken",
            "request b: with 9 tokens it needs the short factors of longrope, request a the others:"
                + " ask it in a run of its own"),
        kept.problems());
    assertEquals(
        new LongRope(List.of(1., 1., 1.), List.of(2., 3., 4.), 4, 64, 1, true),
        OneLength.model(MODEL, kept.requests()).ropeScaling());
  }

  /** With a window of 64 a model reads 64 tokens; the last new one it does not read. */
  @Test
  void noTextIsLongerThanTheWindow() {
    ModelConfig model = Engines.small().with(new AttentionDetails(false, false, 64));
    Requests kept = keep(model, request("a", 64, 1), request("b", 60, 6), request("c", 60, 5));
    assertEquals(List.of("a", "c"), ids(kept));
    assertEquals(
        List.of(
            "x:1: broken",
            "request b: its 60 tokens and up to 6 new ones are more than the sliding window of the"
                + " model (model.slidingWindow, sliding_window of config.json) allows: at most 65"
                + " together"),
        kept.problems());
    EngineShape shape = new EngineShape(model, 2, LayoutKind.ZIGZAG, 5, 150, 4, 20, true);
    assertEquals(64, shape.longestPrompt());
  }

  @Test
  void otherModelsTakeAll() {
    Requests kept = keep(Engines.small(), request("a", 60, 50), request("b", 90, 1));
    assertEquals(List.of("a", "b"), ids(kept));
    assertEquals(Engines.small(), OneLength.model(Engines.small(), kept.requests()));
  }
}
