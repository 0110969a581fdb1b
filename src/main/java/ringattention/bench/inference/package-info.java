/** Tables of inference: prompts read around the ring, and steps over the cache. */
package ringattention.bench.inference;
