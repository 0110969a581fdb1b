/**
 * Generation of text: requests, sampling, stops and results, over an {@link
 * ringattention.infer.Engine} that computes. {@link ringattention.infer.Generation} is the way in.
 */
package ringattention.infer;
