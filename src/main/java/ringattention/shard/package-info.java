/**
 * Pure integers: which rank holds which positions of a sequence, and what is visible at each step
 * of the ring.
 */
package ringattention.shard;
