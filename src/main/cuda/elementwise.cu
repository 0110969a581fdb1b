// Element-wise kernels: to[i] = f(to[i], from[i]) for i < n.
//
//   fill     to = value                 1 write               0 FLOP
//   convert  to = from, types differ    1 read, 1 write       0 FLOP    (within a type a memory copy does it)
//   add      to += from                 2 reads, 1 write      1 FLOP
//
// Shapes: to, from [n], each of bf16 or fp32. A read or write is of 2 or 4 bytes.
// Grid: ceil(n / (4 * 256 * N)) blocks of 256 threads, 4 packs of N elements a thread (wide::forEach).
// N is 8 where all is bf16, 4 where fp32 takes part, 1 where an address is not a multiple of the pack.
// Arithmetic in fp32, rounded once.
// Reference: ReferenceKernels.fill, copy, add.

using namespace wide;

const int PACKS = 4;

template <typename T>
struct Fill {
  T* to;
  float value;

  template <int N>
  struct In {};

  template <int N>
  __device__ In<N> read(long) const {
    return {};
  }

  template <int N>
  __device__ void write(long at, const In<N>&) const {
    float out[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
      out[i] = value;
    }
    store(to + at, out);
  }
};

template <typename To, typename From>
struct Convert {
  To* to;
  const From* from;

  template <int N>
  using In = Pack<From, N>;

  template <int N>
  __device__ In<N> read(long at) const {
    return load<N>(from + at);
  }

  template <int N>
  __device__ void write(long at, const In<N>& in) const {
    float out[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
      out[i] = in[i];
    }
    store(to + at, out);
  }
};

template <typename To, typename From>
struct Add {
  To* to;
  const From* from;

  template <int N>
  struct In {
    Pack<To, N> sum;
    Pack<From, N> added;
  };

  template <int N>
  __device__ In<N> read(long at) const {
    return {load<N>(to + at), load<N>(from + at)};
  }

  template <int N>
  __device__ void write(long at, const In<N>& in) const {
    float out[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
      out[i] = in.sum[i] + in.added[i];
    }
    store(to + at, out);
  }
};

#define FILL(NAME, T, N)                                                               \
  extern "C" __global__ void fill_##NAME(T* to, float value, long n) {                 \
    forEach<N, PACKS>(n, Fill<T>{to, value});                                          \
  }
FOR_EACH_TYPE(FILL)

// named after the type of to, then that of from
#define CONVERT(NAME, To, From, N)                                                     \
  extern "C" __global__ void convert_##NAME(To* to, const From* from, long n) {        \
    forEach<N, PACKS>(n, Convert<To, From>{to, from});                                 \
  }
CONVERT(bf16_f32, bf16, float, 4)
CONVERT(bf16_f32_single, bf16, float, 1)
CONVERT(f32_bf16, float, bf16, 4)
CONVERT(f32_bf16_single, float, bf16, 1)

#define ADD(NAME, To, From, N)                                                         \
  extern "C" __global__ void add_##NAME(To* to, const From* from, long n) {            \
    forEach<N, PACKS>(n, Add<To, From>{to, from});                                     \
  }
ADD(bf16_bf16, bf16, bf16, 8)
ADD(bf16_bf16_single, bf16, bf16, 1)
ADD(bf16_f32, bf16, float, 4)
ADD(bf16_f32_single, bf16, float, 1)
ADD(f32_bf16, float, bf16, 4)
ADD(f32_bf16_single, float, bf16, 1)
ADD(f32_f32, float, float, 4)
ADD(f32_f32_single, float, float, 1)
