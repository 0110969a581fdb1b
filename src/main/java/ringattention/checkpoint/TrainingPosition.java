package ringattention.checkpoint;

/**
 * How far a run has come. All random numbers are functions of the seed and of what is counted here,
 * so this is their state, too.
 *
 * @param step the last that is done, counted from 1
 * @param tokens seen over all ranks and steps
 * @param nextSequence index of the first sequence that was not used yet
 * @param updates steps that changed the weights: what AdamW's bias correction counts
 * @param skipped steps without an update since the last that had one
 * @param curriculum levels that were passed
 */
public record TrainingPosition(
    long step,
    long tokens,
    long nextSequence,
    long updates,
    int skipped,
    CurriculumPosition curriculum) {
  /** Where every run begins. */
  public static final TrainingPosition START =
      new TrainingPosition(0, 0, 0, 0, 0, CurriculumPosition.START);
}
