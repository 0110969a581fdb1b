package ringattention.infer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import ringattention.command.Sections;
import ringattention.data.Tokenizer;
import ringattention.random.Seed;

/** Generation of bytes over a {@link FakeEngine}, and what came of it. */
final class Rig implements GenerationListener {
  static final int BYTES = 256;
  static final Sampling GREEDY = new Sampling(0, 0, 1, 1, 1);
  static final Sampling WARM = new Sampling(.7, 0, 1, 1, 1);

  final Tokenizer tokenizer =
      Tokenizer.of(Sections.INPUTS.defaults(List.of("data.path=any")), BYTES);
  final FakeEngine engine;
  final Map<SampleKey, GenerationResult> results = new LinkedHashMap<>();
  final Map<SampleKey, String> streamed = new LinkedHashMap<>();
  int batch = 8;
  boolean ignoreEnd;
  Set<SampleKey> done = new HashSet<>();
  BooleanSupplier stop = () -> false;
  GenerationOutcome outcome;

  Rig(FakeEngine engine) {
    this.engine = engine;
  }

  /** Returns a rig whose model says certain answers to prompts, and then z for ever. */
  static Rig saying(Map<String, String> answers) {
    return new Rig(new FakeEngine(8, 1 << 20, BYTES, text -> next(text, answers)));
  }

  private static float[] next(int[] text, Map<String, String> answers) {
    float[] logits = new float[BYTES];
    answers.forEach(
        (prompt, answer) -> {
          int[] before = bytes(prompt);
          int[] after = bytes(answer);
          if (text.length >= before.length
              && Arrays.equals(before, 0, before.length, text, 0, before.length)) {
            int at = text.length - before.length;
            logits[at < after.length ? after[at] : 'z'] = 5;
          }
        });
    return logits;
  }

  /** Returns logits that depend on the last two tokens only; the end comes one time in some 30. */
  static float[] pairs(int[] text) {
    int before = text.length < 2 ? -1 : text[text.length - 2];
    Seed seed = Seed.of(9, before + " " + text[text.length - 1]);
    float[] logits = new float[BYTES];
    for (int token = 0; token < BYTES; token++) {
      logits[token] = (float) (4 * seed.bell(token));
    }
    logits['\n'] += 2;
    return logits;
  }

  static FakeEngine engine(int rows, int capacity) {
    return engine(rows, capacity, Rig::pairs);
  }

  static FakeEngine engine(int rows, int capacity, Function<int[], float[]> model) {
    return new FakeEngine(rows, capacity, BYTES, model);
  }

  static int[] bytes(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    int[] tokens = new int[bytes.length];
    Arrays.setAll(tokens, i -> bytes[i] & 0xFF);
    return tokens;
  }

  static Settings settings(int tokens, int samples, Sampling sampling, String... stop) {
    return new Settings(tokens, samples, sampling, List.of(stop));
  }

  static Request request(String id, String prompt, Settings settings) {
    return new Request(id, new int[0], bytes(prompt), settings);
  }

  static Request behind(String id, String context, String prompt, Settings settings) {
    return new Request(id, bytes(context), bytes(prompt), settings);
  }

  /** Runs the requests to the end, with nothing held behind it. */
  Rig run(Request... requests) {
    GenerateConfig config =
        new GenerateConfig(
            Optional.empty(),
            "vicuna",
            Optional.empty(),
            settings(1, 1, GREEDY),
            List.of(),
            batch,
            true,
            ignoreEnd);
    Generation generation = new Generation(engine, tokenizer, config, config.ends(tokenizer, null));
    outcome = generation.run(new ArrayList<>(List.of(requests)), done, this, stop);
    engine.close();
    return this;
  }

  GenerationResult result(String id) {
    return result(id, 0);
  }

  GenerationResult result(String id, int sample) {
    return results.get(new SampleKey(id, sample));
  }

  @Override
  public void text(SampleKey key, String part) {
    streamed.merge(key, part, String::concat);
  }

  @Override
  public void ended(GenerationResult result) {
    if (results.put(result.key(), result) != null) {
      throw new IllegalStateException(result.key() + " ended twice");
    }
  }
}
