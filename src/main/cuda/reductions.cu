// Sum of squares, and the place of the first element that is not finite.
//
//   sumOfSquares    result = sum over i of x[i]^2, accumulated in double
//   firstNonFinite  result = least i for which x[i] is infinite or NaN, -1 if there is none
//
// Shapes: x [n], bf16 or fp32; partial [blocks] and result [1], double (a place is exact up to 2^53).
// Grid: blocks of 256 threads, each of which takes packs of N elements a whole grid apart, 4 in flight; then one block of 256
// threads joins the blocks' results in an order that the number of blocks decides.
// N is 8 for bf16, 4 for fp32, 1 where the address is not a multiple of 16.
// 1 read of 2 or 4 bytes, 2 FLOPs an element.
// Reference: ReferenceKernels.sumOfSquares, firstNonFinite.

using namespace wide;

const int PACKS = 4;
const int WARPS = 8;
const double NONE = 9007199254740992.0; // 2^53, behind every place

__device__ inline bool isFinite(float x) { return (__float_as_uint(x) & 0x7f800000u) != 0x7f800000u; }

// calls visit(value, place) for this thread's elements, places ascending
template <int N, typename T, typename Visit>
__device__ inline void visitAll(const T* x, long n, Visit visit) {
  long stride = (long)gridDim.x * blockDim.x;
  long thread = (long)blockIdx.x * blockDim.x + threadIdx.x;
  long packs = n / N;
  for (long first = thread; first < packs; first += PACKS * stride) {
    Pack<T, N> in[PACKS];
#pragma unroll
    for (int i = 0; i < PACKS; i++) {
      if (first + i * stride < packs) {
        in[i] = load<N>(x + (first + i * stride) * N);
      }
    }
#pragma unroll
    for (int i = 0; i < PACKS; i++) {
      if (first + i * stride < packs) {
#pragma unroll
        for (int j = 0; j < N; j++) {
          visit(in[i][j], (first + i * stride) * N + j);
        }
      }
    }
  }
  if (packs * N + thread < n) {
    visit(toFloat(x[packs * N + thread]), packs * N + thread);
  }
}

__device__ inline double least(double x, double* shared) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) {
    x = fmin(x, __shfl_xor_sync(0xffffffffu, x, step));
  }
  if (threadIdx.x % 32 == 0) {
    shared[threadIdx.x / 32] = x;
  }
  __syncthreads();
  for (int warp = 0; warp < WARPS; warp++) {
    x = fmin(x, shared[warp]);
  }
  return x;
}

#define REDUCTIONS(NAME, T, N)                                                                        \
  extern "C" __global__ void sumOfSquares_##NAME(const T* x, long n, double* partial) {               \
    __shared__ double shared[WARPS];                                                                  \
    double total = 0;                                                                                 \
    visitAll<N>(x, n, [&](float value, long) { total += (double)value * value; });                    \
    total = block::sum(total, shared);                                                                \
    if (threadIdx.x == 0) {                                                                           \
      partial[blockIdx.x] = total;                                                                    \
    }                                                                                                 \
  }                                                                                                   \
  extern "C" __global__ void firstNonFinite_##NAME(const T* x, long n, double* partial) {             \
    __shared__ double shared[WARPS];                                                                  \
    double first = NONE;                                                                              \
    visitAll<N>(x, n, [&](float value, long place) {                                                  \
      if (!isFinite(value)) {                                                                         \
        first = fmin(first, (double)place);                                                           \
      }                                                                                               \
    });                                                                                               \
    first = least(first, shared);                                                                     \
    if (threadIdx.x == 0) {                                                                           \
      partial[blockIdx.x] = first;                                                                    \
    }                                                                                                 \
  }
FOR_EACH_TYPE(REDUCTIONS)

extern "C" __global__ void total(const double* partial, int blocks, double* result) {
  __shared__ double shared[WARPS];
  double sum = 0;
  for (int i = threadIdx.x; i < blocks; i += blockDim.x) {
    sum += partial[i];
  }
  sum = block::sum(sum, shared);
  if (threadIdx.x == 0) {
    *result = sum;
  }
}

extern "C" __global__ void first(const double* partial, int blocks, double* result) {
  __shared__ double shared[WARPS];
  double place = NONE;
  for (int i = threadIdx.x; i < blocks; i += blockDim.x) {
    place = fmin(place, partial[i]);
  }
  place = least(place, shared);
  if (threadIdx.x == 0) {
    *result = place == NONE ? -1 : place;
  }
}
