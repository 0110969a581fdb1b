package ringattention.device;

/**
 * What turns queries and keys by their positions (Su et al. 2021).
 *
 * @param frequencies [headSize / 2], F64, in radians per position: angles are double everywhere
 * @param magnitude cosines and sines are multiplied by it, forwards and backwards; 1 changes no bit
 */
public record RotaryTable(Tensor frequencies, double magnitude) {}
