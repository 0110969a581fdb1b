// The bias of a projection, one for all rows, and its gradient.
//
//   addBias          x[row] += bias
//   addBiasBackward  partial[block] = sum of the block's rows of dX; addColumns of rmsnorm.cu adds the blocks up
//
// Shapes: x, dX [rows, width], bias [width], of one type, bf16 or fp32; partial [blocks, width] fp32. N is 8 for bf16, 4 for
// fp32, 1 where an address or a row is not a multiple of 16 bytes.
// Grid, addBias: ceil(rows * width / (2 * 256 * N)) blocks of 256 threads, 2 packs of N elements a thread (wide::forEach).
// addBiasBackward: as many blocks as partial has rows, of a multiple of 32, at most 256, threads; block b does rows b,
// b + blocks, ... and thread t packs t, t + threads, ... of a row, one after the other.
// Arithmetic in fp32. Bytes an element: addBias 2 accesses (the bias stays in the cache), addBiasBackward 1, of 2 or 4 bytes.
// FLOPs: 1 and 1.
// Reference: ReferenceKernels.addBias, addBiasBackward.

using namespace wide;

const int PACKS = 2;

template <typename T>
struct AddBias {
  T* x;
  const T* bias;
  long width;

  template <int N>
  struct In {
    Pack<T, N> value;
    Pack<T, N> added;
  };

  // a pack lies in one row
  template <int N>
  __device__ In<N> read(long at) const {
    return {load<N>(x + at), load<N>(bias + at % width)};
  }

  template <int N>
  __device__ void write(long at, const In<N>& in) const {
    float out[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
      out[i] = in.value[i] + in.added[i];
    }
    store(x + at, out);
  }
};

template <int N, typename T>
__device__ inline void addBiasBackward(const T* dX, float* partial, long rows, int width) {
  const int packs = width / N;
  for (int pack = threadIdx.x; pack < packs; pack += blockDim.x) {
    float sum[N] = {};
#pragma unroll 4
    for (long row = blockIdx.x; row < rows; row += gridDim.x) {
      Pack<T, N> in = load<N>(dX + row * width + pack * N);
#pragma unroll
      for (int i = 0; i < N; i++) {
        sum[i] += in[i];
      }
    }
    for (int i = 0; i < N; i++) {
      partial[(long)blockIdx.x * width + pack * N + i] = sum[i];
    }
  }
}

#define BIAS(NAME, T, N)                                                                                  \
  extern "C" __global__ void addBias_##NAME(T* x, const T* bias, long width, long n) {                    \
    forEach<N, PACKS>(n, AddBias<T>{x, bias, width});                                                     \
  }                                                                                                       \
  extern "C" __global__ void __launch_bounds__(256) addBiasBackward_##NAME(                               \
      const T* dX, float* partial, long rows, int width) {                                                \
    addBiasBackward<N>(dX, partial, rows, width);                                                         \
  }
FOR_EACH_TYPE(BIAS)
