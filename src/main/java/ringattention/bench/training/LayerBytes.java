package ringattention.bench.training;

import java.util.List;
import ringattention.device.MemoryPlan;

/**
 * Bytes of a rank's plan, told apart by what they are for. What attention and feed-forward need is
 * there once, all blocks share it.
 *
 * @param attention of one block, the ring's buffers included
 * @param feedForward of one block: its input and the gradient of its output, both of the hidden
 *     size, and what it computes for one block of tokens
 * @param saved by all blocks
 * @param workspace the device's own
 * @param rest parameters, loss head, tokens
 */
public record LayerBytes(long attention, long feedForward, long saved, long workspace, long rest) {
  private static final List<String> ATTENTION =
      List.of("attention.", "ring.", "window.", "query", "group.", "attended.gradient");
  private static final List<String> REST =
      List.of("token_block.logits", "loss", "tokens", "labels", "positions", "rotary.frequencies");
  private static final List<String> FEED_FORWARD =
      List.of("after_attention", "residual.gradient", "token_block.");

  /** Of a plan whose blocks keep their inputs only, on the device. */
  public static LayerBytes of(MemoryPlan plan) {
    long attention = 0;
    long feedForward = 0;
    long saved = 0;
    long workspace = 0;
    long rest = 0;
    for (MemoryPlan.Buffer buffer : plan.buffers()) {
      switch (buffer.purpose()) {
        case PARAMETERS, GATHERED -> rest += buffer.bytes();
        case SAVED -> saved += buffer.bytes();
        case WORKSPACE -> workspace += buffer.bytes();
        case OFFLOADED -> {} // not on the device
        case ACTIVATIONS, RING -> {
          if (starts(buffer, ATTENTION)) {
            attention += buffer.bytes();
          } else if (REST.contains(buffer.name())) {
            rest += buffer.bytes();
          } else if (starts(buffer, FEED_FORWARD)) {
            feedForward += buffer.bytes();
          } else {
            throw new IllegalStateException("buffer " + buffer.name() + " of which half?");
          }
        }
      }
    }
    return new LayerBytes(attention, feedForward, saved, workspace, rest);
  }

  private static boolean starts(MemoryPlan.Buffer buffer, List<String> names) {
    return names.stream().anyMatch(buffer.name()::startsWith);
  }

  /** What table 1 of the paper counts. */
  public long activations() {
    return attention + feedForward;
  }

  public long all() {
    return attention + feedForward + saved + workspace + rest;
  }
}
