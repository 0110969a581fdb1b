package ringattention.parallel;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Parameters that are gathered together: one flat buffer, each parameter at its offset, cut into
 * equal shards.
 */
public final class ParameterGroup {
  private final String name;
  private final List<Parameter> parameters;
  private final Map<String, Long> offsets = new HashMap<>();
  private final long elements;

  public ParameterGroup(String name, List<Parameter> parameters) {
    this.name = name;
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

  /** Elements of one shard; the last shards end in padding that stays zero. */
  public long shardElements(int ranks) {
    return (elements + ranks - 1) / ranks;
  }

  /**
   * The part of one parameter that lies in one shard.
   *
   * @param from first element, counted in the shard
   * @param length elements
   * @param index of the first element, counted in the parameter
   */
  public record Piece(Parameter parameter, long from, long length, long index) {}

  /** What a shard holds, in order, padding left out. */
  public List<Piece> pieces(int rank, int ranks) {
    long size = shardElements(ranks);
    long shardFrom = rank * size;
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
}
