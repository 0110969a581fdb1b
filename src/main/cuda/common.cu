// Precedes every source of this folder. bf16 is its upper half of an fp32, so NVRTC needs no headers of the toolkit.
// A tensor's element type is a template parameter T: bf16 or float. Arithmetic is in fp32.

struct bf16 {
  unsigned short bits;
};

__device__ inline float toFloat(float x) { return x; }
__device__ inline float toFloat(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }

template <typename T>
__device__ T fromFloat(float x);
template <>
__device__ inline float fromFloat<float>(float x) {
  return x;
}
// to nearest, ties to even; a NaN stays one
template <>
__device__ inline bf16 fromFloat<bf16>(float x) {
  unsigned bits = __float_as_uint(x);
  bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  unsigned rounded = nan ? (bits >> 16) | 0x40u : (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return bf16{(unsigned short)rounded};
}
