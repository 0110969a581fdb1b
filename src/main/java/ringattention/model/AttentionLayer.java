package ringattention.model;

import static ringattention.model.TokenBlocks.headRows;

import java.util.List;
import ringattention.attention.Attention;
import ringattention.device.Kernels;
import ringattention.device.RotaryTable;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.Weights;

/**
 * The first half of a block, x + output(attention(rotate(query), rotate(key), value)) of norm(x).
 * Heads do not see each other, so attention goes one group of heads after the other, and what it
 * needs shrinks by the number of groups. Sequences side by side do not see each other either:
 * attention takes them together if they are alike, and in turns if each has documents and positions
 * of its own; then the heads of one sequence lie beside those of the next. Projections go one block
 * of tokens at a time; the attention in between is any {@link Attention}.
 */
final class AttentionLayer {
  private final Kernels kernels;
  private final ModelConfig model;
  private final int groups;
  private final int turns;
  private final Attention attention;
  private final BlockEntry entry;
  private final Activations activations;
  private final Projections projections;
  private final RotaryTable rotary;
  private final PhaseTimer timer;

  /**
   * @param groups of heads
   * @param turns in which the sequences go through attention: one, or one for each of them
   * @param attention of one call: the heads of a group, the sequences of a turn
   */
  AttentionLayer(
      Kernels kernels,
      ModelConfig model,
      int groups,
      int turns,
      Attention attention,
      BlockEntry entry,
      Activations activations,
      PhaseTimer timer) {
    this.kernels = kernels;
    this.model = model;
    this.groups = groups;
    this.turns = turns;
    this.attention = attention;
    this.entry = entry;
    this.activations = activations;
    this.projections = new Projections(kernels, model, activations.block());
    this.rotary = new RotaryTable(activations.frequencies(), model.ropeScaling().magnitude());
    this.timer = timer;
  }

  /**
   * The attention output before its projection. Leaves query, keys and values for {@link
   * #backward}: of all calls where they are kept, else of the last.
   *
   * @param block its number in the model
   * @param x [tokens, batch, hidden]
   * @param into overwritten
   * @param kept where queries, keys and values go; null where the block does not keep them
   */
  void attend(
      int block, Weights weights, Tensor x, SavedActivations.Kept into, KeptProjections kept) {
    attention.layer(block);
    enter(weights, x);
    for (int call = 0; call < calls(); call++) {
      Tensor query = begin(call, kept);
      project(weights, call, query);
      if (kept != null) {
        copyKeyValues(own(), kept.keyValues(call));
      }
      Tensor out = calls() == 1 ? into.out() : activations.groupAttended();
      attention.forward(query, out, logSumExp(into, call));
      if (calls() > 1) {
        kernels.copyHeads(out, 0, beside(into.out()), call * heads(), heads());
      }
    }
  }

  /**
   * Computes the second end of {@link #attend}, or of its {@link #backward} anew.
   *
   * @param attended [tokens that entered, batch, heads, headSize]
   * @param out x + output(attended), overwritten, [tokens, batch, hidden]
   */
  void output(Weights weights, Tensor x, Tensor attended, Tensor out) {
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      entry.leave(
          x,
          out,
          (from, to, products, add) ->
              kernels.matmul(
                  headRows(attended, from, to),
                  false,
                  weights.get(LlamaParameters.ATTENTION_OUTPUT),
                  true,
                  products,
                  add));
    }
  }

  private void enter(Weights weights, Tensor x) {
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      entry.enter(weights, LlamaParameters.ATTENTION_NORM, x);
    }
  }

  /** Makes attention that of a call; returns where the queries of this are. */
  private Tensor begin(int call, KeptProjections kept) {
    attention.sequence(call / groups);
    return kept == null ? activations.query() : kept.query(call);
  }

  /** Keys and values are copied, since an MPI may have hold of those that travel. */
  private void copyKeyValues(List<Tensor> from, List<Tensor> to) {
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      kernels.copy(from.get(0), to.get(0));
      kernels.copy(from.get(1), to.get(1));
    }
  }

  private List<Tensor> own() {
    return List.of(attention.own().keys(), attention.own().values());
  }

  /** What a call of attention needs: its sequences' queries, keys and values, rotated. */
  private void project(Weights weights, int call, Tensor query) {
    int group = call % groups;
    int turn = call / groups;
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      Tensor keys = attention.own().keys();
      Tensor values = attention.own().values();
      entry
          .blocks()
          .forEach(
              (from, to) ->
                  projections.forward(
                      weights,
                      entry.normed(from, to, turn),
                      group,
                      headRows(query, from, to),
                      headRows(keys, from, to),
                      headRows(values, from, to)));
      rotate(query, turn, false);
      rotate(keys, turn, false);
    }
  }

  /**
   * @param attended as {@link #attend} left it; overwritten
   * @param kept queries, keys and values as {@link #attend} left them; null where the block does
   *     not keep them
   * @param projected whether {@link #attend} of the same x was the last to be called: then one
   *     call's query, keys and values are still there
   * @param gradient of the output on entry, of x on return, [tokens, batch, hidden]
   */
  void backward(
      Weights weights,
      Weights gradients,
      Tensor x,
      SavedActivations.Kept attended,
      KeptProjections kept,
      boolean projected,
      Tensor gradient) {
    Tensor dAttended = activations.dAttended();
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      entry.enterGradient(gradient);
      entry
          .blocks()
          .forEach(
              (from, to) ->
                  projections.backThrough(
                      LlamaParameters.ATTENTION_OUTPUT,
                      weights,
                      gradients,
                      entry.gradient(from, to),
                      headRows(attended.out(), from, to),
                      headRows(dAttended, from, to),
                      false));
    }
    enter(weights, x);
    // each call leaves its gradients where nothing is read any more
    Tensor dQuery = dAttended;
    Tensor dValues = keyValueGradient(0);
    Tensor dKeys = model.heads().group() == 1 ? attended.out() : keyValueGradient(1);
    for (int call = 0; call < calls(); call++) {
      Tensor query = begin(call, kept);
      if (kept != null) {
        copyKeyValues(kept.keyValues(call), own());
      } else if (calls() > 1 || !projected) {
        project(weights, call, query);
      }
      Attention.Gradient d =
          attention.backward(
              query,
              part(attended.out(), call, activations.groupAttended()),
              logSumExp(attended, call),
              part(dAttended, call, activations.groupDAttended()));
      try (var scope = timer.in(Phase.PROJECTIONS)) {
        rotate(d.query(), call / groups, true);
        rotate(d.own().keys(), call / groups, true);
        kernels.copyHeads(d.query(), 0, beside(dQuery), call * heads(), heads());
        int keyHead = call * keyValueHeads();
        kernels.copyHeads(d.own().keys(), 0, beside(dKeys), keyHead, keyValueHeads());
        kernels.copyHeads(d.own().values(), 0, beside(dValues), keyHead, keyValueHeads());
      }
    }
    try (var scope = timer.in(Phase.PROJECTIONS)) {
      entry.leaveGradient(
          gradients,
          (from, to, dNormed, add) ->
              projections.backward(
                  weights,
                  gradients,
                  entry.normed(from, to),
                  headRows(dQuery, from, to),
                  headRows(dKeys, from, to),
                  headRows(dValues, from, to),
                  dNormed));
    }
  }

  private void rotate(Tensor x, int turn, boolean inverse) {
    Tensor positions = activations.positions().slice(turn, turn + 1).view(x.dim(0));
    kernels.rotate(x, positions, rotary, inverse);
  }

  /**
   * Returns how often attention is called: for every group of heads in every turn, turn by turn.
   */
  private int calls() {
    return turns * groups;
  }

  /**
   * Returns [tokens, batch, heads, headSize] as the sequences of a turn with the heads of all turns
   * side by side.
   */
  private Tensor beside(Tensor all) {
    return all.view(all.dim(0), all.dim(1) / turns, all.dim(2) * turns, all.dim(3));
  }

  /** Query heads of a group. */
  private int heads() {
    return model.heads().query() / groups;
  }

  /** Key/value heads of a group. */
  private int keyValueHeads() {
    return model.heads().keyValue() / groups;
  }

  /** What a call takes of all heads and sequences: a copy where there are several calls. */
  private Tensor part(Tensor whole, int call, Tensor copy) {
    if (calls() == 1) {
      return whole;
    }
    kernels.copyHeads(beside(whole), call * heads(), copy, 0, heads());
    return copy;
  }

  /** [tokens attended to, sequences of a turn, heads of a group attended to] */
  private Tensor logSumExp(SavedActivations.Kept kept, int call) {
    Tensor all = kept.logSumExp();
    return all.slice(call, call + 1).view(all.dim(1), all.dim(2), all.dim(3));
  }

  /** The first or second room for a gradient of all keys or values. */
  private Tensor keyValueGradient(int index) {
    Tensor x = activations.dAttended();
    long elements = x.dim(0) * x.dim(1) * model.heads().keyValueWidth();
    return activations
        .keyValueGradient()
        .slice(index * elements, (index + 1) * elements)
        .view(x.dim(0), x.dim(1), model.heads().keyValue(), model.heads().size());
  }
}
