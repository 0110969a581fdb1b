/**
 * Attention over a sharded sequence: the one ring loop, forward and backward, and the local vanilla
 * attention it is measured against.
 */
package ringattention.attention;
