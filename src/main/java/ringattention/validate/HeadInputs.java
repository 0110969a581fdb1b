package ringattention.validate;

import java.util.stream.IntStream;
import ringattention.device.DType;
import ringattention.validate.AttentionProblem.Input;

/**
 * The inputs of some heads of a problem.
 *
 * @param queryHeads counted over the batch, as are
 * @param keyHeads the key/value heads
 * @param rounded the type whose precision the inputs have
 */
record HeadInputs(AttentionProblem problem, int[] queryHeads, int[] keyHeads, DType rounded) {
  static HeadInputs all(AttentionProblem problem, DType rounded) {
    return new HeadInputs(
        problem,
        IntStream.range(0, problem.batch() * problem.heads().query()).toArray(),
        IntStream.range(0, problem.batch() * problem.heads().keyValue()).toArray(),
        rounded);
  }

  /** Returns those of one query head and of the key/value head that it reads. */
  static HeadInputs one(AttentionProblem problem, int head, DType rounded) {
    int[] key = {head / problem.heads().group()};
    return new HeadInputs(problem, new int[] {head}, key, rounded);
  }

  /** Returns [positions, these heads, headSize] of an input. */
  double[] rows(Input input, int... positions) {
    boolean keyValue = input == Input.KEY || input == Input.VALUE;
    return problem.rows(input, positions, keyValue ? keyHeads : queryHeads, rounded);
  }

  /** Returns gradients of the output of some of the query heads, [positions, heads, headSize]. */
  double[] gradients(int[] positions, int... heads) {
    int[] some = IntStream.of(heads).map(head -> queryHeads[head]).toArray();
    return problem.rows(Input.OUTPUT_GRADIENT, positions, some, rounded);
  }
}
