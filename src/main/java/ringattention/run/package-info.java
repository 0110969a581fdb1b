/**
 * This rank while the program runs: its job, its device and links, its memory limits, the output
 * folder, the header of the log and traces.
 */
package ringattention.run;
