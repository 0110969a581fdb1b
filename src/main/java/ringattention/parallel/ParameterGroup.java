package ringattention.parallel;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Parameters that are gathered together: one flat buffer, each parameter at its offset, cut into
 * equal shards. Where tensor ranks share products, a group has this rank's part of the weights that
 * are cut, whole ones beside them, and shards for the ranks that have the same part. Tensor ranks
 * are neighbours, so of r ranks with t parts it is every t-th.
 */
public final class ParameterGroup {
  private final String name;
  private final List<Parameter> parameters;
  private final Map<String, Long> offsets = new HashMap<>();
  private final long elements;
  private final int parts;

  public ParameterGroup(String name, List<Parameter> parameters) {
    this.name = name;
    this.parts = parameters.stream().mapToInt(parameter -> parameter.cut().parts()).max().orElse(1);
    this.parameters = List.copyOf(parameters);
    long next = 0;
    for (Parameter parameter : parameters) {
      offsets.put(parameter.name(), next);
      next += parameter.elements();
    }
    this.elements = next;
  }

  public String name() {
    return name;
  }

  public List<Parameter> parameters() {
    return parameters;
  }

  /** Elements of all parameters, without padding. */
  public long elements() {
    return elements;
  }

  /** First element of a parameter in the flat buffer. */
  public long offset(Parameter parameter) {
    return offsets.get(parameter.name());
  }

  /** Returns the same group of whole weights. */
  public ParameterGroup whole() {
    return new ParameterGroup(name, parameters.stream().map(Parameter::whole).toList());
  }

  /** Returns how many parts its cut weights have; 1: all are whole. */
  public int parts() {
    return parts;
  }

  /** Returns which of the shards a rank has. */
  int shard(int rank) {
    return rank / parts;
  }

  /**
   * Elements of one shard; the last shards end in padding that stays zero.
   *
   * @param ranks of the job
   */
  public long shardElements(int ranks) {
    int shards = ranks / parts;
    return (elements + shards - 1) / shards;
  }

  /** Returns the elements of all shards, padding included. */
  public long gatheredElements(int ranks) {
    return shardElements(ranks) * (ranks / parts);
  }

  /**
   * The part of one parameter that lies in one shard.
   *
   * @param from first element, counted in the shard
   * @param length elements
   * @param index of the first element, counted in the parameter, or the part of it
   */
  public record Piece(Parameter parameter, long from, long length, long index) {}

  /** What a rank's shard holds, in order, padding left out. */
  public List<Piece> pieces(int rank, int ranks) {
    long size = shardElements(ranks);
    long shardFrom = shard(rank) * size;
    List<Piece> pieces = new ArrayList<>();
    for (Parameter parameter : parameters) {
      long offset = offset(parameter);
      long from = Math.max(offset, shardFrom);
      long to = Math.min(offset + parameter.elements(), shardFrom + size);
      if (from < to) {
        pieces.add(new Piece(parameter, from - shardFrom, to - from, from - offset));
      }
    }
    return pieces;
  }

  /**
   * Returns what a rank adds to the values of the {@link #whole} group, where all that have its
   * part have all values of that: the first of them its part of cut weights, the first of all the
   * others too.
   *
   * @param held of this group, flat
   */
  double[] inWhole(double[] held, int rank) {
    ParameterGroup whole = whole();
    double[] values = new double[Math.toIntExact(whole.elements())];
    for (Parameter parameter : parameters) {
      if (rank == 0 || parameter.isCut() && shard(rank) == 0) {
        int from = Math.toIntExact(offset(parameter));
        int to = Math.toIntExact(whole.offset(parameter));
        parameter.runs(
            0,
            parameter.elements(),
            (first, length, index) ->
                System.arraycopy(held, from + (int) first, values, to + (int) index, (int) length));
      }
    }
    return values;
  }
}
