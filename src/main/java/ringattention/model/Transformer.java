package ringattention.model;

import java.util.function.Consumer;
import ringattention.attention.Attention;
import ringattention.config.ModelConfig;
import ringattention.device.Device;
import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.Weights;

/**
 * A Llama-shaped Transformer over this rank's shard of the sequence. The forward keeps each block's
 * input and nothing else; the backward recomputes a block from it (Liu, Zaharia, Abbeel 2023,
 * section 3). Parameters are gathered one block ahead.
 */
public final class Transformer {
  private final ModelConfig model;
  private final Device device;
  private final Kernels kernels;
  private final ShardedParameters parameters;
  private final Activations activations;
  private final AttentionLayer attentionLayer;
  private final FeedForward feedForward;
  private final LossHead lossHead;
  private final PhaseTimer timer;

  public Transformer(
      ModelConfig model,
      ShardShape shape,
      Device device,
      ShardedParameters parameters,
      Attention attention,
      Activations activations,
      PhaseTimer timer) {
    this.model = model;
    this.device = device;
    this.kernels = device.kernels();
    this.parameters = parameters;
    this.activations = activations;
    this.timer = timer;
    device.write(activations.frequencies(), RotaryFrequencies.of(model));
    TokenBlocks blocks = new TokenBlocks(shape.tokens(), shape.feedForwardBlock());
    this.attentionLayer = new AttentionLayer(kernels, model, attention, blocks, activations, timer);
    this.feedForward = new FeedForward(kernels, model, blocks, activations.block(), timer);
    this.lossHead =
        new LossHead(
            kernels,
            model,
            new TokenBlocks(shape.tokens(), shape.lossBlock()),
            activations.block(),
            timer);
  }

  /**
   * Puts this rank's part of a batch on the device.
   *
   * @param tokens [tokens * batch], sequence-major
   * @param labels [tokens * batch]; -1 counts nothing
   * @param positions [tokens], global
   */
  public void load(int[] tokens, int[] labels, int[] positions) {
    device.write(activations.tokens(), tokens);
    device.write(activations.labels(), labels);
    device.write(activations.positions(), positions);
  }

  /**
   * The blocks' output for the loaded tokens, before the final norm. Collective.
   *
   * @return [tokens, batch, hidden], valid until the next call
   */
  public Tensor forward() {
    try (var scope = timer.in(Phase.EMBEDDING)) {
      Weights weights = parameters.weights(0);
      parameters.prefetch(group(0));
      Tensor table = weights.get(LlamaParameters.EMBEDDING);
      kernels.embed(flat(activations.tokens()), table, activations.inputs().get(0).rows());
    }
    for (int block = 0; block < model.layers(); block++) {
      Weights weights = parameters.weights(group(block));
      parameters.prefetch(group(block) + 1);
      Tensor out = activations.inputs().get(block + 1);
      attentionLayer.forward(weights, activations.inputs().get(block), out);
      feedForward.forward(weights, out);
    }
    return activations.inputs().get(model.layers());
  }

  /**
   * Hands out the logits of the loaded tokens, block after block of them. Collective; for checks.
   *
   * @param sink gets [rows of a block, vocabulary] of the compute type, which the next block
   *     overwrites
   */
  public void logits(Consumer<Tensor> sink) {
    Tensor output = forward();
    lossHead.logits(parameters.weights(group(model.layers())), output, sink);
  }

  /**
   * Sum of the losses of this rank's tokens; adds the gradients of all parameters, summed over all
   * ranks, to their shards. Collective.
   *
   * @param scale of the gradient: one over the number of labels that count in the whole batch of
   *     all ranks
   */
  public double lossAndGradients(double scale) {
    Tensor output = forward();
    Tensor gradient = activations.gradient();
    int head = group(model.layers());
    kernels.fill(activations.loss(), 0);
    Weights weights = parameters.weights(head);
    parameters.prefetch(head - 1);
    lossHead.lossAndGradient(
        weights,
        parameters.gradients(head),
        output,
        activations.labels(),
        scale,
        activations.loss(),
        gradient);
    parameters.reduce(head);
    for (int block = model.layers() - 1; block >= 0; block--) {
      backward(block, gradient);
    }
    try (var scope = timer.in(Phase.EMBEDDING)) {
      Tensor table = parameters.gradients(0).get(LlamaParameters.EMBEDDING);
      kernels.embedBackward(flat(activations.tokens()), gradient.rows(), table);
    }
    parameters.reduce(0);
    return device.read(activations.loss())[0];
  }

  private void backward(int block, Tensor gradient) {
    Weights weights = parameters.weights(group(block));
    if (block > 0) {
      parameters.prefetch(group(block - 1));
    }
    Weights gradients = parameters.gradients(group(block));
    Tensor input = activations.inputs().get(block);
    attentionLayer.forward(weights, input, activations.afterAttention());
    feedForward.backward(weights, gradients, activations.afterAttention(), gradient);
    attentionLayer.backward(weights, gradients, input, gradient);
    parameters.reduce(group(block));
  }

  /** The parameter group of a block. */
  private static int group(int block) {
    return 1 + block;
  }

  private static Tensor flat(Tensor tensor) {
    return tensor.view(tensor.elements());
  }
}
