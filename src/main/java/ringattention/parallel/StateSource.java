package ringattention.parallel;

import java.nio.ByteBuffer;

/** Where states of parameters come from, part by part, as they are to be on the device. */
@FunctionalInterface
public interface StateSource {
  /**
   * Fills the buffer with elements of a parameter, the first of them the index-th (row-major).
   *
   * @param into of {@link ShardedParameters#type}, in native byte order
   */
  void read(Parameter parameter, long index, ByteBuffer into);
}
