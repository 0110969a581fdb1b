package ringattention.checkpoint;

import ringattention.device.DType;
import ringattention.parallel.State;

/**
 * Elements of one state of one parameter that lie in the file of one rank.
 *
 * @param index of the first element, counted in the parameter (row-major), or in a part of it
 * @param elements how many, of the file's type, little-endian
 * @param offset of the first, in bytes from the start of the file's data
 */
record ShardPiece(String parameter, State state, long index, long elements, long offset) {
  /**
   * Where an element of the parameter, or of the part, lies, in bytes from the start of the data.
   */
  long offsetOf(long element, DType type) {
    return offset + (element - index) * type.bytes();
  }
}
