/**
 * Benchmarks, one file per table. Every row with a rate carries the number of wrong results beside
 * it.
 */
package ringattention.bench;
