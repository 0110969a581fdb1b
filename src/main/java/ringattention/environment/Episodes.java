package ringattention.environment;

/**
 * Episodes as they were, side by side. Row 0 is what an episode begins with, without an action or a
 * reward; row t + 1 has the action of step t, its reward and what is observed then.
 *
 * @param first number of the first in its history; the others follow
 * @param count of episodes
 * @param rows of each: steps + 1
 * @param observations (count, rows, observationSize)
 * @param actions (count, rows, actionSize), as the environment got them
 * @param rewards (count, rows)
 * @param physics (count, rows, physicsSize)
 */
public record Episodes(
    int first,
    int count,
    int rows,
    float[] observations,
    float[] actions,
    float[] rewards,
    double[] physics) {
  static Episodes of(int first, Environment environment) {
    int count = environment.count();
    int rows = environment.steps() + 1;
    return new Episodes(
        first,
        count,
        rows,
        new float[count * rows * environment.observationSize()],
        new float[count * rows * environment.actionSize()],
        new float[count * rows],
        new double[count * rows * environment.physicsSize()]);
  }

  /** Notes a row of every episode, with the actions that led to it. */
  void note(int row, Environment environment, float[] done) {
    scatter(row, environment.observations(), observations);
    scatter(row, done, actions);
    scatter(row, environment.rewards(), rewards);
    scatter(row, environment.physics(), physics);
  }

  /** Copies an array (count, size) into one (count, rows, size); either kind of number. */
  private void scatter(int row, Object from, Object to) {
    int size = java.lang.reflect.Array.getLength(from) / count;
    for (int i = 0; i < count; i++) {
      System.arraycopy(from, i * size, to, (i * rows + row) * size, size);
    }
  }

  /** Returns the sum of the rewards of one episode. */
  public double sum(int episode) {
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      sum += rewards[episode * rows + row];
    }
    return sum;
  }
}
