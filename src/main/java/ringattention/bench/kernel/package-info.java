/** Benchmarks of one device: matrix products, element-wise kernels, attention in one call. */
package ringattention.bench.kernel;
