/**
 * Training states on disk, written in the background. Each rank reads and writes its own part, and
 * any number of ranks can resume.
 */
package ringattention.checkpoint;
