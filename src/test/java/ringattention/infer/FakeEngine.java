package ringattention.infer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A model that is a function of the text, with memory for so many tokens. It refuses what an engine
 * need not bear, and remembers what was asked.
 */
public final class FakeEngine implements Engine {
  private final int rows;
  private final int capacity; // tokens held at a time
  private final int vocabulary;
  private final Function<int[], float[]> model; // the logits behind a text
  private int longest = 1000;
  private int held;
  private int openSequences;
  private int openPrefixes;
  public final List<Integer> prefills = new ArrayList<>(); // tokens of each
  final List<Integer> steps = new ArrayList<>(); // sequences of each
  int mostHeld;

  public FakeEngine(int rows, int capacity, int vocabulary, Function<int[], float[]> model) {
    this.rows = rows;
    this.capacity = capacity;
    this.vocabulary = vocabulary;
    this.model = model;
  }

  public FakeEngine withLongest(int tokens) {
    longest = tokens;
    return this;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int vocabulary() {
    return vocabulary;
  }

  @Override
  public int longest() {
    return longest;
  }

  @Override
  public boolean fits(int prefixTokens, int sequences, int furtherTokens) {
    require(prefixTokens >= 0 && sequences >= 0 && furtherTokens >= 0, "asks for less than none");
    return held + prefixTokens + (long) sequences * furtherTokens <= capacity;
  }

  @Override
  public Prefix prefill(int[] tokens) {
    require(tokens.length > 0, "an empty prefix");
    prefills.add(tokens.length);
    openPrefixes++;
    hold(tokens.length);
    return new FakePrefix(tokens.clone());
  }

  @Override
  public Sequence begin(Prefix prefix, int mostTokens) {
    FakePrefix behind = (FakePrefix) prefix;
    require(behind.open, "a sequence behind a closed prefix");
    openSequences++;
    behind.sequences++;
    hold(mostTokens);
    return new FakeSequence(behind, mostTokens);
  }

  @Override
  public float[] extend(Sequence sequence, int... tokens) {
    require(tokens.length > 0, "no tokens to append");
    for (int token : tokens) {
      ((FakeSequence) sequence).append(token);
    }
    return logits(((FakeSequence) sequence).text);
  }

  @Override
  public float[][] step(List<Sequence> sequences, int[] tokens) {
    require(!sequences.isEmpty() && sequences.size() <= rows, "rows: " + sequences.size());
    require(sequences.size() == tokens.length, "as many tokens as sequences");
    require(sequences.stream().distinct().count() == tokens.length, "a sequence twice");
    steps.add(tokens.length);
    float[][] logits = new float[tokens.length][];
    for (int i = 0; i < tokens.length; i++) {
      logits[i] = extend(sequences.get(i), tokens[i]);
    }
    return logits;
  }

  @Override
  public void cut(Sequence sequence, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    require(held == 0 && openSequences == 0 && openPrefixes == 0, "something is still held");
  }

  private float[] logits(int[] text) {
    float[] logits = model.apply(text);
    require(logits.length == vocabulary, "logits: " + logits.length);
    return logits;
  }

  private void hold(int tokens) {
    held += tokens;
    mostHeld = Math.max(mostHeld, held);
    require(held <= capacity, "holds " + held + " tokens of " + capacity);
  }

  private static void require(boolean holds, String misuse) {
    if (!holds) {
      throw new IllegalStateException("misuse of the engine: " + misuse);
    }
  }

  private final class FakePrefix implements Prefix {
    private final int[] tokens;
    private boolean open = true;
    private int sequences;

    FakePrefix(int[] tokens) {
      this.tokens = tokens;
    }

    @Override
    public int tokens() {
      return tokens.length;
    }

    @Override
    public float[] logits() {
      require(open, "logits of a closed prefix");
      return FakeEngine.this.logits(tokens);
    }

    @Override
    public void close() {
      require(open && sequences == 0, "a prefix is closed too early or twice");
      open = false;
      openPrefixes--;
      held -= tokens.length;
    }
  }

  private final class FakeSequence implements Sequence {
    private final FakePrefix prefix;
    private final int most;
    private int[] text;
    private boolean open = true;

    FakeSequence(FakePrefix prefix, int most) {
      this.prefix = prefix;
      this.most = most;
      this.text = prefix.tokens;
    }

    private void append(int token) {
      require(open, "a closed sequence is appended to");
      require(token >= 0 && token < vocabulary, "token " + token);
      require(text.length < prefix.tokens.length + most, "more tokens than were asked for");
      require(text.length < longest, "more tokens than the model takes");
      text = Arrays.copyOf(text, text.length + 1);
      text[text.length - 1] = token;
    }

    @Override
    public Prefix prefix() {
      return prefix;
    }

    @Override
    public int tokens() {
      return text.length;
    }

    @Override
    public void close() {
      require(open, "a sequence is closed twice");
      open = false;
      openSequences--;
      prefix.sequences--;
      held -= most;
    }
  }
}
