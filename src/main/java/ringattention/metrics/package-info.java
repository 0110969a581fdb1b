/**
 * What is measured and counted: time by phase, floating-point operations of a model. No clock and
 * no input or output of its own.
 */
package ringattention.metrics;
