package ringattention.device;

import ringattention.device.BlockAttention.Heads;
import ringattention.shard.Mask;

/**
 * What a block pair asks of a device: its forward, and its backward for some key/value heads.
 *
 * @param shape of the pair, with all heads
 * @param heads of one call of the backward
 */
public record AttentionCall(BlockShape shape, Mask mask, Heads heads) {}
