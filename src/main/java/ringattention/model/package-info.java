/**
 * The Transformer: Llama's names and shapes, forward and hand-written backward over a shard of the
 * sequence. Nothing here knows which device it runs on or how many ranks there are.
 */
package ringattention.model;
