/** Benchmarks of attention in the ring: rates, exchange, overlap. */
package ringattention.bench.attention;
