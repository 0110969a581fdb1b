/**
 * Inference: prompts read around the ring, and text generated from what every rank keeps of them.
 */
package ringattention.infer;
