/** Benchmarks of training steps: time, memory, longest context, scaling. */
package ringattention.bench.training;
