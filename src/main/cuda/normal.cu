// Normal random numbers (Box and Muller 1958) of a stream, each a pure function of its index:
//
//   to[i] = standardDeviation sqrt(-2 log u(2 (first + i))) cos(2 pi u(2 (first + i) + 1))
//
// with u in (0, 1] from SplitMix64 (Steele, Lea, Flood 2014) of stream + index.
// Shapes: to [n], fp32. Grid: ceil(n / 256) blocks of 256 threads, a thread for each element.
// In double, rounded once: the host's numbers, but for rare last bits. 1 write of 4 bytes an element; about 150 FLOPs in double,
// which bound it: 7e9 elements take 0.1 s on an H100.
// Reference: NormalNumbers.

// in (0, 1]; to be the same as NormalNumbers.uniform
__device__ inline double uniform(unsigned long counter) {
  unsigned long z = counter * 0x9E3779B97F4A7C15ul + 0x632BE59BD9B4E019ul;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ul;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBul;
  return (double)(((z ^ (z >> 31)) >> 11) + 1) * 0x1p-53;
}

extern "C" __global__ void __launch_bounds__(256) normal(
    float* to, unsigned long stream, unsigned long first, double standardDeviation, long n) {
  long i = (long)blockIdx.x * 256 + threadIdx.x;
  if (i >= n) {
    return;
  }
  unsigned long counter = stream + 2 * (first + i);
  double radius = sqrt(-2 * log(uniform(counter)));
  double angle = __dmul_rn(6.283185307179586, uniform(counter + 1)); // as the host rounds it
  to[i] = (float)(standardDeviation * __dmul_rn(radius, cos(angle)));
}
