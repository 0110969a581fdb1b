/** Training checkpoints: what a run needs to go on, written in the background and read back. */
package ringattention.checkpoint;
