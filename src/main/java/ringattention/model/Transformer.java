package ringattention.model;

import java.util.function.Consumer;
import ringattention.attention.Attention;
import ringattention.device.Device;
import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.GradientSink;
import ringattention.parallel.ParameterSource;
import ringattention.parallel.Weights;

/**
 * A Llama-shaped Transformer over this rank's shard of the sequence. The forward keeps each block's
 * input, and more of it if the policy says so; the backward recomputes the rest of a block from it
 * (Liu, Zaharia, Abbeel 2023, section 3). Parameters are gathered, and activations brought back
 * from the host, one block ahead.
 */
public final class Transformer {
  private static final int INPUT = 0; // parameter group of the input layer

  private final ModelConfig model; // what this rank computes of it
  private final Device device;
  private final Kernels kernels;
  private final ParameterSource parameters;
  private final GradientSink gradients; // null without a backward
  private final Activations activations;
  private final ActivationPolicy policy;
  private final SavedActivations saved;
  private final InputLayer inputLayer;
  private final AttentionLayer attentionLayer;
  private final FeedForward feedForward;
  private final LossHead lossHead;
  private final PhaseTimer timer;

  /**
   * @param gradients null where the policy is forward only
   * @param exchange of ranks that share products; null where every rank does its own
   */
  public Transformer(
      ModelConfig model,
      ActivationPolicy policy,
      ShardShape shape,
      Device device,
      ParameterSource parameters,
      GradientSink gradients,
      Attention attention,
      TokensExchange exchange,
      Activations activations,
      PhaseTimer timer) {
    this.model = model;
    this.device = device;
    this.kernels = device.kernels();
    this.parameters = parameters;
    this.gradients = gradients;
    this.activations = activations;
    this.timer = timer;
    this.policy = policy;
    this.saved = new SavedActivations(device, policy, activations.saved(), timer);
    device.write(activations.frequencies(), RotaryFrequencies.of(model));
    this.inputLayer = InputLayer.of(kernels, model, activations);
    BlockEntry entry = BlockEntry.of(kernels, model, shape, activations, exchange);
    this.attentionLayer =
        new AttentionLayer(
            kernels,
            model,
            policy.headGroups(),
            shape.turns(),
            attention,
            entry,
            activations,
            timer);
    this.feedForward = new FeedForward(kernels, model, entry, activations.block(), timer);
    this.lossHead =
        new LossHead(
            kernels,
            model,
            Loss.of(kernels, model, activations),
            new TokenBlocks(shape.tokens(), shape.lossBlock()),
            activations.block(),
            timer);
  }

  /**
   * Puts this rank's part of a batch on the device.
   *
   * @param tokens [tokens * batch], sequence-major
   * @param labels [tokens * batch]; -1 counts nothing
   * @param positions [turns of attention, tokens that entered], for the rotary embedding
   */
  public void load(int[] tokens, int[] labels, int[] positions) {
    device.write(activations.tokens(), tokens);
    device.write(activations.labels(), labels);
    device.write(activations.positions(), positions);
  }

  /**
   * Puts the numbers of trajectories on the device, those of the same positions.
   *
   * @param features [tokens * batch, features]
   * @param targets [tokens * batch, actions]
   */
  public void loadValues(double[] features, double[] targets) {
    loadFeatures(features);
    device.write(activations.targets(), targets);
  }

  /**
   * Puts what trajectories begin with on the device, for outputs without a loss.
   *
   * @param features [tokens * batch, features]
   */
  public void loadFeatures(double[] features) {
    device.write(activations.features(), features);
  }

  /**
   * The blocks' output for the loaded tokens, before the final norm. Collective.
   *
   * @return [tokens, batch, hidden], valid until the next call
   */
  public Tensor forward() {
    return forwardLast(model.layers());
  }

  /** Computes {@link #forward} of a model that has only the last blocks: for rehearsals. */
  public Tensor forwardLast(int blocks) {
    int first = model.layers() - blocks;
    try (var scope = timer.in(Phase.EMBEDDING)) {
      Weights weights = parameters.weights(INPUT);
      parameters.prefetch(group(first));
      saved.makeInput(first);
      inputLayer.forward(weights, saved.input(first).rows());
      saved.keepInput(first);
    }
    for (int block = first; block < model.layers(); block++) {
      forward(block);
    }
    return saved.input(model.layers());
  }

  private void forward(int block) {
    Weights weights = parameters.weights(group(block));
    parameters.prefetch(block + 1 < model.layers() ? group(block + 1) : head());
    Tensor x = saved.input(block);
    saved.makeAttention(block);
    attentionLayer.attend(block, weights, x, saved.attention(block), saved.projections(block));
    saved.keepAttention(block);
    saved.makeInput(block + 1);
    Tensor out = saved.input(block + 1);
    KeptFeedForward kept = saved.feedForward(block);
    Tensor afterAttention = kept == null ? out : kept.input();
    attentionLayer.output(weights, x, saved.attention(block).out(), afterAttention);
    feedForward.forward(weights, afterAttention, out, kept);
    if (block + 1 < model.layers()) {
      saved.keepInput(block + 1);
    }
  }

  /** Forgets the losses so far. */
  public void clearLoss() {
    kernels.fill(activations.loss(), 0);
  }

  /** Sum of the losses of this rank's tokens since {@link #clearLoss}; waits for the device. */
  public double loss() {
    return device.read(activations.loss())[0];
  }

  /**
   * Hands out the logits of the loaded tokens, of trajectories the actions before their tangent,
   * block after block of them. Collective; for checks.
   *
   * @param sink gets [rows of a block, outputs] of the compute type, which the next block
   *     overwrites
   */
  public void logits(Consumer<Tensor> sink) {
    Tensor output = forward();
    lossHead.logits(parameters.weights(head()), output, sink);
  }

  /**
   * Writes the logits of all loaded tokens. Collective; does not wait for the device.
   *
   * @param into [tokens * batch, vocabulary], compute or sum type, overwritten
   */
  public void logits(Tensor into) {
    Tensor output = forward();
    lossHead.logits(parameters.weights(head()), output, into);
  }

  /**
   * Returns loss and hit of every label of this rank, labels that count nothing with two zeros;
   * waits for the device. Collective.
   *
   * @return [tokens, batch, 2]
   */
  public double[] labelLosses() {
    Tensor output = forward();
    Weights weights = parameters.weights(head());
    lossHead.labelLosses(weights, output, activations.labelLosses());
    return device.read(activations.labelLosses());
  }

  /**
   * Adds the losses of this rank's tokens, and the gradients of all parameters, summed over all
   * ranks, to their shards. Collective.
   *
   * @param scale of the gradient: one over the number of labels that count in the whole batch of
   *     all ranks
   */
  public void accumulate(double scale) {
    accumulate(scale, null);
  }

  /**
   * Does what {@link #accumulate} does, and returns what {@link #labelLosses} would have; waits for
   * the device. Collective.
   *
   * @return loss and hit of every label of this rank, [tokens, batch, 2]
   */
  public double[] accumulateWithLosses(double scale) {
    accumulate(scale, activations.labelLosses());
    return device.read(activations.labelLosses());
  }

  private void accumulate(double scale, Tensor losses) {
    forward();
    backward(scale, model.layers(), losses);
    try (var scope = timer.in(Phase.EMBEDDING)) {
      inputLayer.backward(gradients.gradients(INPUT), activations.gradient().rows());
    }
    gradients.reduce(INPUT);
  }

  /**
   * After {@link #forward}: losses, their gradient, and the backward of the last blocks.
   * Collective.
   *
   * @param scale as in {@link #accumulate}
   * @param blocks how many
   */
  public void backward(double scale, int blocks) {
    backward(scale, blocks, null);
  }

  private void backward(double scale, int blocks, Tensor losses) {
    Weights weights = parameters.weights(head());
    parameters.prefetch(group(model.layers() - 1));
    saved.fetch(model.layers() - 1);
    lossHead.lossAndGradient(
        weights,
        gradients.gradients(head()),
        saved.input(model.layers()),
        scale,
        activations.gradient(),
        losses);
    gradients.reduce(head());
    for (int block = model.layers() - 1; block >= model.layers() - blocks; block--) {
      backward(block);
    }
  }

  private void backward(int block) {
    Tensor gradient = activations.gradient();
    Weights weights = parameters.weights(group(block));
    if (block > 0) {
      parameters.prefetch(group(block - 1));
      saved.fetch(block - 1);
    }
    Weights own = gradients.gradients(group(block));
    saved.arrive(block);
    Tensor input = saved.input(block);
    SavedActivations.Kept attention = saved.attention(block);
    boolean again = !policy.savesAttention(block);
    if (again) {
      saved.makeAttention(block);
      attentionLayer.attend(block, weights, input, attention, null);
    }
    KeptFeedForward kept = saved.feedForward(block);
    Tensor afterAttention = kept == null ? activations.afterAttention() : kept.input();
    if (kept == null) {
      attentionLayer.output(weights, input, attention.out(), afterAttention);
    }
    feedForward.backward(weights, own, afterAttention, kept, gradient);
    attentionLayer.backward(
        weights, own, input, attention, saved.projections(block), again, gradient);
    gradients.reduce(group(block));
  }

  /** The parameter group of a block. */
  private static int group(int block) {
    return 1 + block;
  }

  private int head() {
    return LlamaParameters.head(model);
  }
}
