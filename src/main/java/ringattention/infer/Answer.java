package ringattention.infer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import ringattention.data.TextStream;
import ringattention.input.Toml;
import ringattention.random.Seed;

/** One answer while it grows, from logits to text. It knows nothing of the engine. */
final class Answer {
  /**
   * A token that was chosen.
   *
   * @param logProbability if asked for
   * @param problem why none could be; empty if one was
   */
  record Choice(int token, double logProbability, String problem) {}

  private final Request request;
  private final SampleKey key;
  private final AnswerRules rules;
  private final GenerationListener listener;
  private final Sampler sampler;
  private final Seed draws;
  private final BitSet seen = new BitSet(); // what the repetition penalty is for
  private final TextStream stream;
  private final StopText stop;
  private final StringBuilder text = new StringBuilder();
  private final int[] tokens;
  private final double[] logProbabilities;
  private int count; // tokens so far
  private long first; // ns, when the first token was there
  private long last;

  Answer(Request request, SampleKey key, AnswerRules rules, GenerationListener listener) {
    Settings settings = request.settings();
    this.request = request;
    this.key = key;
    this.rules = rules;
    this.listener = listener;
    this.sampler = new Sampler(rules.vocabulary());
    String name = "request " + key.id() + " sample " + key.sample();
    this.draws = Seed.of(settings.sampling().seed(), name);
    int[] before = request.all();
    this.stream = new TextStream(rules.tokenizer(), before);
    this.stop = new StopText(settings.stop());
    this.tokens = new int[settings.maxNewTokens()];
    this.logProbabilities = new double[rules.logProbabilities() ? tokens.length : 0];
    if (settings.sampling().penalizes()) {
      Arrays.stream(before).forEach(seen::set);
    }
  }

  /**
   * Chooses the token behind the last by its logits. It changes nothing, so that all rows of a
   * batch can be chosen at the same time.
   */
  Choice choose(float[] logits) {
    try {
      Sampling sampling = request.settings().sampling();
      int token = sampler.choose(logits, sampling, seen, draws.uniform(count));
      double logProbability =
          rules.logProbabilities() ? sampler.logProbability(logits, token) : Double.NaN;
      return new Choice(token, logProbability, "");
    } catch (ArithmeticException notFinite) {
      return new Choice(-1, Double.NaN, notFinite.getMessage());
    }
  }

  /**
   * Takes the next token.
   *
   * @return why the answer ended; empty if it goes on with the token
   * @throws ArithmeticException naming the request if none could be chosen
   */
  Optional<Finish> take(Choice choice) {
    if (!choice.problem().isEmpty()) {
      int before = request.tokens() + count;
      throw new ArithmeticException(
          "request " + Toml.brief(key.id()) + ": behind " + before + " tokens " + choice.problem());
    }
    if (rules.ends().contains(choice.token())) {
      return Optional.of(closeText(Finish.END));
    }
    if (rules.logProbabilities()) {
      logProbabilities[count] = choice.logProbability();
    }
    tokens[count++] = choice.token();
    seen.set(choice.token());
    last = System.nanoTime();
    first = count == 1 ? last : first;
    show(stop.add(stream.add(choice.token())));
    if (stop.isStopped()) {
      return Optional.of(Finish.STOP);
    }
    return count == tokens.length ? Optional.of(closeText(Finish.LENGTH)) : Optional.empty();
  }

  /** Ends an answer that is not complete. */
  Finish interrupt() {
    return closeText(Finish.INTERRUPTED);
  }

  /** Lets out the text that was held back. It may hold a stop string. */
  private Finish closeText(Finish finish) {
    show(stop.add(stream.finish()));
    if (stop.isStopped()) {
      return Finish.STOP;
    }
    show(stop.finish());
    return finish;
  }

  private void show(String part) {
    if (!part.isEmpty()) {
      text.append(part);
      listener.text(key, part);
    }
  }

  /** Returns the last token, which is not appended yet. */
  int lastToken() {
    return tokens[count - 1];
  }

  SampleKey key() {
    return key;
  }

  GenerationResult result(Finish finish, double prefillSeconds) {
    return new GenerationResult(
        key,
        text.toString(),
        Arrays.copyOf(tokens, count),
        finish,
        request.tokens(),
        prefillSeconds,
        count < 2 ? 0 : (count - 1) / ((last - first) * 1e-9),
        rules.logProbabilities()
            ? Optional.of(Arrays.copyOf(logProbabilities, count))
            : Optional.empty());
  }
}
