package ringattention.forecast;

import java.util.List;
import ringattention.device.DType;
import ringattention.parallel.ParameterGroup;

/**
 * Bytes that sharded parameters move in a step.
 *
 * @param groups of a rank
 * @param ranks of the job, among which those with the same part of a group have its shards
 * @param shortGradients whether gradients travel in bf16
 */
record SharedBytes(List<ParameterGroup> groups, int ranks, boolean shortGradients) {
  private static final int BF16 = DType.BF16.bytes();
  private static final int SUM = DType.F32.bytes();

  /** Returns what a rank sends of a group's weights that its ranks gather. */
  double weights(String name) {
    return sent(name, BF16);
  }

  /** Returns what a rank sends of a group's gradients that its ranks sum. */
  double gradients(String name) {
    return sent(name, shortGradients ? BF16 : SUM);
  }

  private double sent(String name, int bytes) {
    return groups.stream()
        .filter(one -> one.name().equals(name))
        .mapToDouble(
            group -> (double) group.elements() * bytes * (shards(group) - 1) / shards(group))
        .sum();
  }

  /** Returns what own kernels of two gathers move: the shard in bf16; a rank alone copies it. */
  double gathering() {
    return groups.stream()
        .mapToDouble(
            group -> {
              double converted = (double) (SUM + BF16) / shards(group);
              return 2.0 * group.elements() * (converted + (shards(group) == 1 ? 2 * BF16 : 0));
            })
        .sum();
  }

  /** Returns what clearing gradients moves; a rank alone copies them to the shard, too. */
  double reducing() {
    return groups.stream()
        .mapToDouble(
            group -> (double) group.elements() * (SUM + (shards(group) == 1 ? 2 * SUM : 0)))
        .sum();
  }

  private int shards(ParameterGroup group) {
    return ranks / group.parts();
  }
}
