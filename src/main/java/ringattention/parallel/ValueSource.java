package ringattention.parallel;

import java.nio.FloatBuffer;

/** Where values of parameters come from, part by part. */
@FunctionalInterface
public interface ValueSource {
  /** Fills the buffer with elements of a parameter, the first of them the index-th (row-major). */
  void read(Parameter parameter, long index, FloatBuffer into);
}
