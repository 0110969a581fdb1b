package ringattention.parallel;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.Collectives;
import ringattention.device.Device;
import ringattention.device.Tensor;

/**
 * Gradients of weights that are whole in groups of cut ones, such as norms: every tensor rank has
 * the same shard of these, with the gradient of its own tokens and heads, and here they are summed.
 * The order of additions is the same on every rank, so that copies of a weight stay the same to the
 * last bit.
 */
final class WholeGradients {
  private final Device device;
  private final Collectives all;
  private final int rank;
  private final int parts;
  private final List<Tensor> own; // of this rank's shards, flat
  private final List<List<Tensor>> received; // by tensor rank; empty for this one

  WholeGradients(
      Device device,
      Collectives all,
      int rank,
      int ranks,
      List<ParameterGroup> groups,
      ShardBuffers buffers) {
    this.device = device;
    this.all = all;
    this.rank = rank;
    this.parts = PartCollectives.parts(groups);
    this.own = new ArrayList<>();
    for (int group = 0; parts > 1 && group < groups.size(); group++) {
      if (groups.get(group).parts() > 1) {
        Tensor gradient = buffers.shards().get(group).gradient();
        groups.get(group).pieces(rank, ranks).stream()
            .filter(piece -> !piece.parameter().isCut())
            .map(piece -> gradient.slice(piece.from(), piece.from() + piece.length()))
            .forEach(own::add);
      }
    }
    this.received = new ArrayList<>();
    long used = 0;
    for (int part = 0; part < parts; part++) {
      List<Tensor> from = new ArrayList<>();
      for (Tensor each : part == rank % parts ? List.<Tensor>of() : own) {
        from.add(buffers.wholes().slice(used, used + each.elements()));
        used += each.elements();
      }
      received.add(from);
    }
  }

  /** Returns the elements that one rank may receive of the others. */
  static long room(List<ParameterGroup> groups) {
    long whole =
        groups.stream()
            .filter(group -> group.parts() > 1)
            .flatMap(group -> group.parameters().stream())
            .filter(parameter -> !parameter.isCut())
            .mapToLong(Parameter::elements)
            .sum();
    return whole * (PartCollectives.parts(groups) - 1);
  }

  /** Sums what the shards hold. Collective among ranks with the same shards. */
  void sum() {
    if (own.isEmpty()) {
      return;
    }
    List<Collectives.Part> messages = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      if (part != rank % parts) {
        int other = rank - rank % parts + part;
        messages.add(new Collectives.Part(other, own, received.get(part)));
      }
    }
    device.waitFor(all.allToAll(messages, device.mark()));
    for (int i = 0; i < own.size(); i++) {
      Tensor sum = of(0, i);
      for (int part = 1; part < parts; part++) {
        device.kernels().add(sum, of(part, i));
      }
      if (sum != own.get(i)) {
        device.kernels().copy(sum, own.get(i));
      }
    }
  }

  private Tensor of(int part, int index) {
    return part == rank % parts ? own.get(index) : received.get(part).get(index);
  }
}
