package ringattention.parallel;

import java.nio.ByteBuffer;

/** Where states of parameters go, part by part, as they are on the device. */
@FunctionalInterface
public interface StateSink {
  /**
   * Takes elements of a parameter, the first of them the index-th (row-major). The buffer is used
   * again afterwards.
   *
   * @param values of {@link ShardedParameters#type}, in native byte order
   */
  void write(Parameter parameter, long index, ByteBuffer values);
}
