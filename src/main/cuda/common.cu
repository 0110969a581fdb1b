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

// Accesses of several neighbouring elements at once, for kernels that memory bounds. A kernel is written once for packs of
// N elements: N fills 16 bytes where addresses and sizes are multiples of that, and is 1 where they are not.
namespace wide {

template <int BYTES>
struct Word;
template <>
struct Word<2> {
  typedef unsigned short Type;
};
template <>
struct Word<4> {
  typedef unsigned Type;
};
template <>
struct Word<8> {
  typedef uint2 Type;
};
template <>
struct Word<16> {
  typedef uint4 Type;
};

template <typename T, int N>
struct Pack {
  union {
    typename Word<sizeof(T) * N>::Type word;
    T element[N];
    unsigned pair[(sizeof(T) * N + 3) / 4];
  };

  __device__ float operator[](int i) const { return toFloat(element[i]); }
};

template <int N, typename T>
__device__ inline Pack<T, N> load(const T* from) {
  Pack<T, N> pack;
  pack.word = *reinterpret_cast<const typename Word<sizeof(T) * N>::Type*>(from);
  return pack;
}

template <typename T, int N>
__device__ inline void store(T* to, const float (&values)[N]) {
  Pack<T, N> pack;
  if constexpr (sizeof(T) == 2 && N % 2 == 0) {
#pragma unroll
    for (int i = 0; i < N; i += 2) { // one instruction rounds two, as fromFloat does
      asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pack.pair[i / 2]) : "f"(values[i + 1]), "f"(values[i]));
    }
  } else {
#pragma unroll
    for (int i = 0; i < N; i++) {
      pack.element[i] = fromFloat<T>(values[i]);
    }
  }
  *reinterpret_cast<typename Word<sizeof(T) * N>::Type*>(to) = pack.word;
}

// An element-wise kernel over n elements by blocks of 256 threads: each thread takes PACKS packs, 256 packs apart, and reads
// all of them before it writes the first; the last block does the n % N elements behind the packs singly. body.read<N>(at)
// gives the inputs of N elements, body.write<N>(at, inputs) stores the outputs; an output may lie over an input.
template <int N, int PACKS, typename Body>
__device__ inline void forEach(long n, const Body& body) {
  const int THREADS = 256;
  long first = ((long)blockIdx.x * (PACKS * THREADS) + threadIdx.x) * N;
  typename Body::template In<N> in[PACKS];
#pragma unroll
  for (int i = 0; i < PACKS; i++) {
    long at = first + i * (THREADS * N);
    if (at + N <= n) {
      in[i] = body.template read<N>(at);
    }
  }
#pragma unroll
  for (int i = 0; i < PACKS; i++) {
    long at = first + i * (THREADS * N);
    if (at + N <= n) {
      body.template write<N>(at, in[i]);
    }
  }
  if (N > 1 && blockIdx.x == gridDim.x - 1) {
    long at = n / N * N + threadIdx.x;
    if (at < n) {
      body.template write<1>(at, body.template read<1>(at));
    }
  }
}

} // namespace wide

// Sums over all threads of a block, in an order that only the block's size decides. Every thread gets the result.
namespace block {

template <typename T>
__device__ inline T warpSum(T x) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) {
    x += __shfl_xor_sync(0xffffffffu, x, step);
  }
  return x;
}

// shared holds one value for each warp; nobody may use it for anything else
template <typename T>
__device__ inline T sum(T x, T* shared) {
  x = warpSum(x);
  int lane = threadIdx.x % 32;
  if (lane == 0) {
    shared[threadIdx.x / 32] = x;
  }
  __syncthreads();
  x = warpSum(lane < blockDim.x / 32 ? shared[lane] : T(0));
  __syncthreads(); // the next sum writes again
  return x;
}

} // namespace block

// Kernels come in four shapes: DEFINE(suffix of the name, element type, elements of a pack).
#define FOR_EACH_TYPE(DEFINE) \
  DEFINE(bf16, bf16, 8)       \
  DEFINE(bf16_single, bf16, 1) \
  DEFINE(f32, float, 4)       \
  DEFINE(f32_single, float, 1)
