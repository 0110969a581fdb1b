/**
 * What all benchmarks share: header and folder, repeats, checks of a row. Every row with a rate
 * carries the number of wrong results beside it.
 */
package ringattention.bench;
