package ringattention.environment;

/** Who chooses actions while episodes of one history are collected. */
interface Collector {
  /**
   * Begins episodes.
   *
   * @param first number of the first in the history; the others follow
   * @param environment that was reset for them
   */
  void begin(int first, Environment environment);

  /**
   * Writes the actions of the next step.
   *
   * @param step from 0 on
   * @param actions (count, actionSize)
   */
  void act(int step, Environment environment, float[] actions);

  /** Learns from episodes that have ended. */
  default void end(Episodes episodes) {}
}
