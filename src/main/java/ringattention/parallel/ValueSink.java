package ringattention.parallel;

import java.nio.FloatBuffer;

/** Where values of parameters go, part by part. */
@FunctionalInterface
public interface ValueSink {
  /**
   * Takes elements of a parameter, the first of them the index-th (row-major). The buffer is used
   * again afterwards.
   */
  void write(Parameter parameter, long index, FloatBuffer values);
}
