package ringattention.device;

import static ringattention.device.Trial.FEW;
import static ringattention.device.Trial.compare;
import static ringattention.device.Trial.sum;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.shard.Mask;

/** Block attention, merge and vanilla attention of every device against the reference. */
class AttentionContractTest {
  /**
   * One block pair: q [queries, batch, heads, headSize], k and v [keys, batch, keyValueHeads,
   * headSize].
   */
  record Pair(
      int queries, int keys, int batch, int heads, int keyValueHeads, int headSize, Mask mask) {
    Tensor query(Trial trial) {
      return trial.random(queries, batch, heads, headSize);
    }

    Tensor key(Trial trial) {
      return trial.random(keys, batch, keyValueHeads, headSize);
    }

    /**
     * Errors of a score's headSize terms enter the exponent, whose sums run over keys (dk, dv: over
     * queries of a group).
     */
    double roundings() {
      return sum(headSize + Math.max(keys, queries * heads / keyValueHeads));
    }
  }

  static Stream<Pair> pairs() {
    return Stream.of(
        new Pair(1, 1, 1, 1, 1, 2, Mask.FULL),
        new Pair(1, 1, 1, 1, 1, 2, Mask.CAUSAL),
        new Pair(5, 5, 1, 2, 2, 6, Mask.CAUSAL),
        new Pair(7, 3, 2, 4, 2, 10, Mask.FULL),
        new Pair(7, 3, 2, 4, 2, 10, Mask.CAUSAL),
        new Pair(3, 7, 2, 4, 1, 10, Mask.CAUSAL),
        new Pair(129, 65, 1, 2, 1, 16, Mask.FULL),
        new Pair(131, 131, 2, 3, 3, 32, Mask.CAUSAL),
        new Pair(300, 301, 1, 2, 2, 64, Mask.CAUSAL),
        new Pair(256, 256, 1, 2, 2, 128, Mask.CAUSAL),
        new Pair(200, 328, 1, 4, 2, 64, Mask.FULL),
        new Pair(333, 333, 1, 2, 1, 100, Mask.CAUSAL),
        new Pair(97, 193, 2, 4, 1, 128, Mask.FULL),
        new Pair(384, 128, 1, 2, 2, 128, Mask.CAUSAL),
        new Pair(3, 0, 1, 2, 1, 4, Mask.FULL),
        new Pair(0, 3, 1, 2, 1, 4, Mask.FULL));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void blockAttention(Pair pair) {
    compare(
        trial -> {
          Tensor q = pair.query(trial);
          Tensor k = pair.key(trial);
          Tensor v = pair.key(trial);
          Tensor blockOut = trial.poisoned(q.shape());
          Tensor logSumExp = trial.poisonedSum(pair.queries, pair.batch, pair.heads);
          trial.attention().forward(q, k, v, pair.mask, blockOut, logSumExp);
          trial.result("out", blockOut, pair.roundings());
          trial.result("logSumExp", logSumExp, pair.roundings());

          Tensor dOut = pair.query(trial);
          Heads all = new Heads(0, pair.keyValueHeads);
          Tensor dq = trial.randomSum(q.shape());
          Tensor dk = trial.randomSum(k.shape());
          Tensor dv = trial.randomSum(k.shape());
          Gradients added = new Gradients(dq, true, dk, dv, true);
          trial.attention().backward(q, k, v, pair.mask, blockOut, logSumExp, dOut, all, added);
          trial.result("dq", dq, pair.roundings());
          trial.result("dk", dk, pair.roundings());
          trial.result("dv", dv, pair.roundings());

          // the other heads' gradients stay as they are, here not a number
          Heads last = new Heads(pair.keyValueHeads / 2, pair.keyValueHeads);
          Tensor someQuery = trial.poisonedSum(q.shape());
          Tensor someKey = trial.poisonedSum(k.shape());
          Tensor someValue = trial.poisonedSum(k.shape());
          Gradients written = new Gradients(someQuery, false, someKey, someValue, false);
          trial.attention().backward(q, k, v, pair.mask, blockOut, logSumExp, dOut, last, written);
          trial.result("dq of some heads", someQuery, pair.roundings());
          trial.result("dk of some heads", someKey, pair.roundings());
          trial.result("dv of some heads", someValue, pair.roundings());
        });
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void vanillaAttention(Pair pair) {
    compare(
        trial -> {
          Tensor q = pair.query(trial);
          Tensor k = pair.key(trial);
          Tensor v = pair.key(trial);
          Tensor probabilities = trial.poisoned(pair.batch, pair.heads, pair.queries, pair.keys);
          Tensor dScores = trial.poisoned(probabilities.shape());
          Tensor out = trial.poisoned(q.shape());
          Tensor logSumExp = trial.poisonedSum(pair.queries, pair.batch, pair.heads);
          trial.attention().vanillaForward(q, k, v, pair.mask, probabilities, out, logSumExp);
          trial.result("probabilities", probabilities, pair.roundings());
          trial.result("out", out, pair.roundings());
          trial.result("logSumExp", logSumExp, pair.roundings());

          Tensor dq = trial.randomSum(q.shape());
          Tensor dk = trial.randomSum(k.shape());
          Tensor dv = trial.randomSum(k.shape());
          trial
              .attention()
              .vanillaBackward(q, k, v, probabilities, pair.query(trial), dScores, dq, dk, dv);
          trial.result("dq", dq, pair.roundings());
          trial.result("dk", dk, pair.roundings());
          trial.result("dv", dv, pair.roundings());
        });
  }

  /**
   * Scores of several hundred: their exponential overflows single precision unless the maximum is
   * taken out first.
   */
  @Test
  void largeScores() {
    compare(
        trial -> {
          Tensor q = trial.randomTimes(256, 5, 1, 1, 8);
          Tensor k = trial.random(5, 1, 1, 8);
          Tensor v = trial.random(5, 1, 1, 8);
          Tensor out = trial.poisoned(5, 1, 1, 8);
          Tensor logSumExp = trial.poisonedSum(5, 1, 1);
          trial.attention().forward(q, k, v, Mask.FULL, out, logSumExp);
          trial.result("logSumExp", logSumExp, FEW);
          trial.result(
              "out", out, sum(8) * 300); // scores of 300, whose errors go through the exponential
        });
  }

  /** A query that sees nothing but NaN must not pass for one that sees nothing. */
  @ParameterizedTest
  @CsvSource({"1, 1", "83, 1", "5, 3", "256, 256"})
  void notNumbers(int queries, int keys) {
    compare(
        trial -> {
          Tensor k = trial.poisoned(keys, 1, 2, 64);
          Tensor out = trial.random(queries, 1, 2, 64);
          Tensor logSumExp = trial.randomSum(queries, 1, 2);
          Tensor q = trial.random(queries, 1, 2, 64);
          Tensor v = trial.random(keys, 1, 2, 64);
          trial.attention().forward(q, k, v, Mask.FULL, out, logSumExp);
          trial.result("out", out, 0);
          trial.result("logSumExp", logSumExp, 0);
        });
  }

  /** A block whose weight is 0 for being far below the other hides no NaN. */
  @Test
  void mergeOfNotNumbers() {
    compare(
        trial -> {
          Tensor numbers = trial.randomSum(5, 1, 2, 8);
          Tensor block = trial.poisoned(5, 1, 2, 8);
          Tensor low = trial.constantSum(-2000, 5, 1, 2);
          Tensor high = trial.constantSum(2000, 5, 1, 2);
          trial.attention().merge(numbers, high, block, low, numbers);
          trial.result("block", numbers, 0);
          trial.result("logSumExp", high, 0);

          Tensor total = trial.poisonedSum(5, 1, 2, 8);
          Tensor below = trial.constantSum(-2000, 5, 1, 2);
          Tensor above = trial.constantSum(2000, 5, 1, 2);
          trial.attention().merge(total, below, trial.random(5, 1, 2, 8), above, total);
          trial.result("total", total, 0);
        });
  }

  /**
   * Merging into nothing copies (what the total held does not matter), merging nothing changes
   * nothing.
   */
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 3", "3, 17", "2, 64", "0, 4"})
  void merge(int heads, int headSize) {
    double nothing = Double.NEGATIVE_INFINITY;
    int queries = 5;
    compare(
        trial -> {
          Tensor block = trial.random(queries, 2, heads, headSize);
          Tensor blockLogSumExp = trial.randomSum(queries, 2, heads);
          Tensor out = trial.randomSum(queries, 2, heads, headSize);
          Tensor logSumExp = trial.randomSum(queries, 2, heads);
          trial.attention().merge(out, logSumExp, block, blockLogSumExp, out);
          trial.result("both", out, FEW);
          trial.result("both logSumExp", logSumExp, FEW);

          // from a block's output to a running total, and from there to an output
          Tensor second = trial.random(queries, 2, heads, headSize);
          Tensor secondLogSumExp = trial.randomSum(queries, 2, heads);
          Tensor total = trial.poisonedSum(queries, 2, heads, headSize);
          trial.attention().merge(second, secondLogSumExp, block, blockLogSumExp, total);
          trial.result("total", total, FEW);
          Tensor last = trial.poisoned(queries, 2, heads, headSize);
          trial.attention().merge(total, secondLogSumExp, block, blockLogSumExp, last);
          trial.result("last", last, FEW);
          trial.result("last logSumExp", secondLogSumExp, FEW);

          Tensor first = trial.poisonedSum(queries, 2, heads, headSize);
          Tensor firstLogSumExp = trial.constantSum(nothing, queries, 2, heads);
          trial.attention().merge(first, firstLogSumExp, block, blockLogSumExp, first);
          trial.result("first", first, 0);
          trial.result("first logSumExp", firstLogSumExp, 0);

          Tensor unchanged = trial.randomSum(queries, 2, heads, headSize);
          Tensor sameLogSumExp = trial.randomSum(queries, 2, heads);
          Tensor emptyLogSumExp = trial.constantSum(nothing, queries, 2, heads);
          Tensor copied = trial.poisoned(queries, 2, heads, headSize);
          trial.attention().merge(unchanged, sameLogSumExp, block, emptyLogSumExp, copied);
          trial.attention().merge(unchanged, sameLogSumExp, block, emptyLogSumExp, unchanged);
          trial.result("unchanged", unchanged, 0);
          trial.result("copied", copied, 0);
          trial.result("same logSumExp", sameLogSumExp, 0);

          Tensor neverLogSumExp = trial.constantSum(nothing, queries, 2, heads);
          trial.attention().merge(unchanged, neverLogSumExp, block, emptyLogSumExp, unchanged);
          trial.result("never logSumExp", neverLogSumExp, 0);
        });
  }
}
