package ringattention.checkpoint;

import java.nio.file.Path;

/**
 * A checkpoint that is complete.
 *
 * @param bytes of all files
 * @param stallSeconds how long training stood still for the one before and the host copy, of the
 *     slowest rank
 * @param writeSeconds how long its file took in the background, of the slowest rank
 */
public record WrittenCheckpoint(
    long step, Path folder, long bytes, double stallSeconds, double writeSeconds) {}
