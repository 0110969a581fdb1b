package ringattention.data.trajectories;

/**
 * Consecutive steps of an episode in a sequence.
 *
 * @param episode number in the corpus
 * @param from first step, counted from 0
 * @param steps at least 1
 */
public record Piece(int episode, int from, int steps) {}
