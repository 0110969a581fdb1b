package ringattention.parallel;

import java.util.List;
import ringattention.device.Collectives;

/**
 * The collectives of groups of parameters: of all ranks, or of those that have the same part of the
 * weights.
 *
 * @param all ranks
 * @param samePart as all, where no weight is cut
 */
record PartCollectives(Collectives all, Collectives samePart) {
  /** Makes those of a rank; collective where weights are cut. */
  static PartCollectives of(Collectives all, List<ParameterGroup> groups, int rank) {
    int parts = parts(groups);
    return new PartCollectives(all, parts == 1 ? all : all.split(rank % parts));
  }

  /** Returns how many parts the weights that are cut have. */
  static int parts(List<ParameterGroup> groups) {
    return groups.stream().mapToInt(ParameterGroup::parts).max().orElse(1);
  }

  /** Returns those over the shards of a group. */
  Collectives of(ParameterGroup group) {
    return group.parts() == 1 ? all : samePart;
  }
}
