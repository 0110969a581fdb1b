package ringattention.data.trajectories;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * One trajectory: at step t the state was seen, the action done in it, and the reward given for it.
 *
 * @param steps at least 1
 * @param states [steps, numbers of a state]
 * @param actions [steps, numbers of an action]
 * @param rewards [steps]
 */
record Episode(int steps, float[] states, float[] actions, float[] rewards) {
  int stateSize() {
    return states.length / steps;
  }

  int actionSize() {
    return actions.length / steps;
  }

  /** Returns the sum of the rewards of all steps. */
  double returned() {
    return rewardsBefore(steps);
  }

  /** Returns the sum of the rewards of the steps before one, its own left out. */
  double rewardsBefore(int step) {
    double sum = 0;
    for (int i = 0; i < step; i++) {
      sum += rewards[i];
    }
    return sum;
  }

  /** Returns the bytes of its numbers. */
  long bytes() {
    return (long) Float.BYTES * (states.length + actions.length + rewards.length);
  }

  /** Returns the SHA-256 of sizes and numbers. */
  byte[] digest() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(
          ByteBuffer.allocate(12).putInt(steps).putInt(stateSize()).putInt(actionSize()).array());
      for (float[] part : new float[][] {states, actions, rewards}) {
        ByteBuffer bytes = ByteBuffer.allocate(part.length * Float.BYTES);
        bytes.asFloatBuffer().put(part);
        digest.update(bytes);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every JVM has it
    }
  }
}
