package ringattention.model;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.OFFLOADED;
import static ringattention.device.Allocator.Purpose.SAVED;

import java.util.ArrayList;
import java.util.List;
import ringattention.attention.AttentionShape;
import ringattention.device.Allocator;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;

/**
 * What blocks keep for the backward: each block's input, and if the policy says so its attention
 * output with log-sum-exp, its queries, keys and values, and what its feed-forward needs. What is
 * kept on the host is made in one of two windows on the device, leaves while the next block
 * computes, and comes back one block ahead; only inputs and attention outputs go there.
 */
final class SavedActivations {
  private static final int WINDOWS = 2; // one in use, one on its way

  /**
   * @param inputs one for each block on the device, null where it is on the host; last the blocks'
   *     output, null if it is in a window
   * @param attention likewise; null also where it is not saved
   * @param windows for what is on the host or not saved; fewer where fewer are needed
   * @param projections one for each block, null where they are not saved
   * @param feedForward likewise
   */
  record Buffers(
      List<Tensor> inputs,
      List<Kept> attention,
      List<Tensor> hostInputs,
      List<Kept> hostAttention,
      List<Tensor> inputWindows,
      List<Kept> attentionWindows,
      List<KeptProjections> projections,
      List<KeptFeedForward> feedForward) {
    private static Buffers empty() {
      return new Buffers(
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>(),
          new ArrayList<>());
    }
  }

  /**
   * Attention of one block.
   *
   * @param out [tokens that entered, batch, heads, headSize]
   * @param logSumExp sum type, [calls of attention, tokens attended to, sequences at a time, heads
   *     attended to], as the backward reads it
   */
  record Kept(Tensor out, Tensor logSumExp) {}

  static Buffers allocate(
      Allocator allocator,
      ModelConfig model,
      ActivationPolicy policy,
      ShardShape shape,
      DType compute,
      DType sum) {
    Maker maker = new Maker(allocator, model, policy, shape, compute, sum);
    if (policy.forwardOnly()) {
      return windows(maker, policy.layers());
    }
    Buffers buffers = Buffers.empty();
    for (int block = 0; block < policy.layers(); block++) {
      String name = "block." + block + ".";
      boolean inputOnHost = policy.inputOnHost(block);
      boolean saves = policy.savesAttention(block);
      boolean attentionOnHost = policy.attentionOnHost(block);
      buffers.inputs.add(inputOnHost ? null : maker.hidden(name + "input", SAVED));
      buffers.attention.add(saves && !attentionOnHost ? maker.attention(name, SAVED) : null);
      buffers.hostInputs.add(inputOnHost ? maker.hidden(name + "input", OFFLOADED) : null);
      buffers.hostAttention.add(attentionOnHost ? maker.attention(name, OFFLOADED) : null);
      buffers.projections.add(policy.savesProjections(block) ? maker.projections(name) : null);
      buffers.feedForward.add(policy.savesFeedForward(block) ? maker.feedForward(name) : null);
    }
    boolean offloads = policy.onHost() > 0;
    buffers.inputs.add(offloads ? null : maker.hidden("blocks.output", SAVED));
    for (int i = 0; offloads && i < WINDOWS; i++) {
      buffers.inputWindows.add(maker.hidden("window." + i + ".input", ACTIVATIONS));
    }
    int last = policy.layers() - 1;
    boolean attentionOffloads =
        policy.savedAttention() > 0 && policy.attentionOnHost(last - policy.savedAttention() + 1);
    int windows = attentionOffloads ? WINDOWS : policy.savedAttention() <= last ? 1 : 0;
    for (int i = 0; i < windows; i++) {
      buffers.attentionWindows.add(maker.attention("window." + i + ".", ACTIVATIONS));
    }
    return buffers;
  }

  /** Nothing but windows: what a forward makes it overwrites two blocks later. */
  private static Buffers windows(Maker maker, int layers) {
    Buffers buffers = Buffers.empty();
    for (int block = 0; block < layers; block++) {
      buffers.inputs.add(null);
      buffers.attention.add(null);
      buffers.hostInputs.add(null);
      buffers.hostAttention.add(null);
      buffers.projections.add(null);
      buffers.feedForward.add(null);
    }
    buffers.inputs.add(null); // the blocks' output
    for (int i = 0; i < WINDOWS; i++) {
      buffers.inputWindows.add(maker.hidden("window." + i + ".input", ACTIVATIONS));
    }
    buffers.attentionWindows.add(maker.attention("window.0.", ACTIVATIONS));
    return buffers;
  }

  private record Maker(
      Allocator allocator,
      ModelConfig model,
      ActivationPolicy policy,
      ShardShape shape,
      DType compute,
      DType sum) {
    private Tensor hidden(String name, Allocator.Purpose purpose) {
      return allocator.allocate(
          name,
          purpose,
          compute,
          new Dim("tokens", shape.tokens()),
          new Dim("batch", shape.batch()),
          new Dim("hidden", model.hidden()));
    }

    private Kept attention(String name, Allocator.Purpose purpose) {
      Dim tokens = new Dim("tokens", shape.entered());
      Dim batch = new Dim("batch", shape.batch());
      AttentionShape call = shape.attention(model, policy.headGroups());
      return new Kept(
          allocator.allocate(
              name + "attended",
              purpose,
              compute,
              tokens,
              batch,
              new Dim("heads", model.heads().query()),
              new Dim("head size", model.heads().size())),
          allocator.allocate(
              name + "log_sum_exp",
              purpose,
              sum,
              new Dim("attention calls", shape.turns() * policy.headGroups()),
              new Dim("tokens", call.tokens()),
              new Dim("batch", call.batch()),
              new Dim("heads of a group", call.heads().query())));
    }

    private KeptProjections projections(String name) {
      return KeptProjections.allocate(allocator, name, model, policy.headGroups(), shape, compute);
    }

    private KeptFeedForward feedForward(String name) {
      return KeptFeedForward.allocate(allocator, name, model, shape, compute);
    }
  }

  private final Device device;
  private final ActivationPolicy policy;
  private final Buffers buffers;
  private final PhaseTimer timer;
  private final BlockTensors<Tensor> inputs;
  private final BlockTensors<Kept> attention;

  SavedActivations(Device device, ActivationPolicy policy, Buffers buffers, PhaseTimer timer) {
    this.device = device;
    this.policy = policy;
    this.buffers = buffers;
    this.timer = timer;
    this.inputs =
        new BlockTensors<>(buffers.inputs, buffers.hostInputs, buffers.inputWindows, this::waitFor);
    this.attention =
        new BlockTensors<>(
            buffers.attention, buffers.hostAttention, buffers.attentionWindows, this::waitFor);
  }

  /** Where a block's input is or goes; the blocks' output under the number after the last. */
  Tensor input(int block) {
    return inputs.at(block);
  }

  /** Where a block's attention is or goes. */
  Kept attention(int block) {
    return attention.at(block);
  }

  /** Where a block's queries, keys and values are or go; null where they are not kept. */
  KeptProjections projections(int block) {
    return buffers.projections.get(block);
  }

  /** Where a block keeps what its feed-forward needs; null where it does not. */
  KeptFeedForward feedForward(int block) {
    return buffers.feedForward.get(block);
  }

  /** Before a forward writes a block's input, or the blocks' output. */
  void makeInput(int block) {
    inputs.make(block);
  }

  /** Before a forward, or a backward that computes it again, writes a block's attention. */
  void makeAttention(int block) {
    attention.make(block);
  }

  /** After a forward has written a block's input. */
  void keepInput(int block) {
    if (policy.inputOnHost(block)) {
      Tensor host = buffers.hostInputs.get(block);
      inputs.leaves(block, device.toHost(input(block), host));
    }
  }

  /** After a forward has written a block's attention. */
  void keepAttention(int block) {
    if (policy.attentionOnHost(block)) {
      Kept from = attention(block);
      Kept host = buffers.hostAttention.get(block);
      device.toHost(from.logSumExp, host.logSumExp);
      attention.leaves(block, device.toHost(from.out, host.out)); // copies are made in order
    }
  }

  /** Starts bringing back what a block's backward needs, after the work enqueued so far. */
  void fetch(int block) {
    if (policy.inputOnHost(block) && !inputs.holds(block)) {
      Completion free = device.mark();
      inputs.comes(
          block,
          device.toDevice(
              buffers.hostInputs.get(block), inputs.window(block), free, inputs.left(block)));
    }
    if (policy.attentionOnHost(block) && !attention.holds(block)) {
      Completion free = device.mark();
      Kept host = buffers.hostAttention.get(block);
      Kept window = attention.window(block);
      Completion left = attention.left(block);
      device.toDevice(host.logSumExp, window.logSumExp, free, left);
      attention.comes(block, device.toDevice(host.out, window.out, free, left));
    }
  }

  /** Work enqueued from now on sees what {@link #fetch} has brought. */
  void arrive(int block) {
    inputs.arrive(block);
    attention.arrive(block);
  }

  private void waitFor(Completion copied) {
    try (var scope = timer.in(Phase.OFFLOAD)) {
      device.waitFor(copied);
    }
  }
}
