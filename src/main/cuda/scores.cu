// Passes over a tile of attention scores: S [heads, queries, keys], already scaled, row (h, i) at h * head + i * row.
// Every kernel: grid heads * queries, block 256, one block per row; 4 elements a time where rows are aligned to that.
// Query i sees keys 0 to visible(i) - 1, visible(i) = min(keys, first + step * i); other elements become 0.
// Arithmetic and sums in fp32, sums in a fixed order. T is the type of what the next matrix product takes.

static const int THREADS = 256;
#define NOTHING __int_as_float(0xff800000) // minus infinity

template <int N>
struct Width {
  static constexpr int value = N;
};

template <typename T, int N>
struct alignas(N * sizeof(T)) Pack {
  T at[N];
};

template <int N, typename T>
__device__ void load(const T* from, float (&x)[N]) {
  Pack<T, N> pack = *(const Pack<T, N>*)from;
#pragma unroll
  for (int e = 0; e < N; e++) {
    x[e] = toFloat(pack.at[e]);
  }
}

template <int N, typename T>
__device__ void store(T* to, const float (&x)[N]) {
  Pack<T, N> pack;
#pragma unroll
  for (int e = 0; e < N; e++) {
    pack.at[e] = fromFloat<T>(x[e]);
  }
  *(Pack<T, N>*)to = pack;
}

template <typename T>
__device__ bool aligned(const T* row) {
  return (unsigned long long)row % (4 * sizeof(T)) == 0;
}

// The block's share of a row: body(first element, how many)
template <typename Body>
__device__ void overRow(long long count, bool aligned, Body body) {
  long long packed = aligned ? count / 4 * 4 : 0;
  for (long long j = threadIdx.x * 4; j < packed; j += THREADS * 4) {
    body(j, Width<4>());
  }
  for (long long j = packed + threadIdx.x; j < count; j += THREADS) {
    body(j, Width<1>());
  }
}

__device__ long long visible(int i, long long keys, long long first, long long step) {
  long long seen = first + step * i;
  return seen < keys ? seen : keys;
}

// Sum over the block, for every thread; xor makes every lane add in the same tree.
__device__ float blockSum(float x) {
  __shared__ float ofWarp[THREADS / 32];
  for (int lane = 16; lane > 0; lane /= 2) {
    x += __shfl_xor_sync(0xffffffffu, x, lane);
  }
  if (threadIdx.x % 32 == 0) {
    ofWarp[threadIdx.x / 32] = x;
  }
  __syncthreads();
  float sum = 0;
  for (int warp = 0; warp < THREADS / 32; warp++) {
    sum += ofWarp[warp];
  }
  __syncthreads(); // before the next sum overwrites
  return sum;
}

// NaN if either is: fmaxf would take the other, and a row of NaN would pass for one without keys.
__device__ float larger(float a, float b) {
  return a > b || a != a ? a : b;
}

__device__ float blockMaximum(float x) {
  __shared__ float ofWarp[THREADS / 32];
  for (int lane = 16; lane > 0; lane /= 2) {
    x = larger(x, __shfl_xor_sync(0xffffffffu, x, lane));
  }
  if (threadIdx.x % 32 == 0) {
    ofWarp[threadIdx.x / 32] = x;
  }
  __syncthreads();
  for (int warp = 0; warp < THREADS / 32; warp++) {
    x = larger(x, ofWarp[warp]);
  }
  __syncthreads();
  return x;
}

// P = exp(S - lse), lse = log sum exp S over the visible keys; minus infinity and P = 0 where there are none.
// P may be S. lse of row (h, i) at h + i * lseRow. Reads S twice (8 B), writes P (4 or 2 B) per score; 2 exponentials.
// Reference: ReferenceAttention.softmax.
template <typename T>
__device__ void softmax(
    const float* scores, long long row, long long head, T* probabilities, long long toRow, long long toHead,
    float* lse, long long lseRow, int queries, long long keys, long long first, long long step) {
  int i = blockIdx.x % queries;
  int h = blockIdx.x / queries;
  const float* from = scores + h * head + i * row;
  T* to = probabilities + h * toHead + i * toRow;
  long long seen = visible(i, keys, first, step);
  bool packs = aligned(from) && aligned(to);

  float maximum = NOTHING; // of this thread's scores
  float sum = 0;           // of exp(score - maximum)
  overRow(seen, packs, [&](long long j, auto width) {
    constexpr int N = decltype(width)::value;
    float x[N];
    load(from + j, x);
    float next = maximum;
#pragma unroll
    for (int e = 0; e < N; e++) {
      next = larger(x[e], next);
    }
    if (next != maximum) {
      sum *= expf(maximum - next);
      maximum = next;
    }
    if (maximum != NOTHING) {
#pragma unroll
      for (int e = 0; e < N; e++) {
        sum += expf(x[e] - maximum);
      }
    }
  });
  float top = blockMaximum(maximum);
  float total = blockSum(maximum != NOTHING ? sum * expf(maximum - top) : 0);
  if (threadIdx.x == 0) {
    lse[h + i * lseRow] = top != NOTHING ? top + logf(total) : NOTHING;
  }
  float inverse = top != NOTHING ? 1 / total : 0;
  overRow(keys, packs, [&](long long j, auto width) {
    constexpr int N = decltype(width)::value;
    float x[N];
    load(from + j, x);
#pragma unroll
    for (int e = 0; e < N; e++) {
      x[e] = j + e < seen && inverse != 0 ? expf(x[e] - top) * inverse : 0;
    }
    store(to + j, x);
  });
}

// P = exp(S - lse), G = P (dP - sum(dO O)): the gradient of the scores without their scale. lse and O are of all keys,
// of this block and others; where lse is minus infinity P = 0. P may be S, G may be dP; all four have the same strides and
// 16-aligned first rows.
// O, dO: row (h, i) at h * headSize + i * vectorRow. Reads 8 B, writes 8 or 4 B per score; 1 exponential.
// Reference: ReferenceAttention.backward.
template <typename T>
__device__ void gradient(
    const float* scores, const float* dProbabilities, T* probabilities, T* dScores, long long row, long long head,
    const float* lse, long long lseRow, const T* out, const T* dOut, long long vectorRow, int headSize, int queries,
    long long keys, long long first, long long step) {
  int i = blockIdx.x % queries;
  int h = blockIdx.x / queries;
  long long at = h * head + i * row;
  long long vector = (long long)h * headSize + i * vectorRow;
  long long seen = visible(i, keys, first, step);
  float dot = 0;
  for (int d = threadIdx.x; d < headSize; d += THREADS) {
    dot = fmaf(toFloat(dOut[vector + d]), toFloat(out[vector + d]), dot);
  }
  float mean = blockSum(dot); // of dP weighted by P
  float logSum = lse[h + i * lseRow];
  if (logSum == NOTHING) {
    seen = 0;
  }
  overRow(keys, aligned(scores + at), [&](long long j, auto width) {
    constexpr int N = decltype(width)::value;
    float p[N];
    float g[N];
    load(scores + at + j, p);
    load(dProbabilities + at + j, g);
#pragma unroll
    for (int e = 0; e < N; e++) {
      bool see = j + e < seen;
      p[e] = see ? expf(p[e] - logSum) : 0;
      g[e] = see ? p[e] * (g[e] - mean) : 0;
    }
    store(probabilities + at + j, p);
    store(dScores + at + j, g);
  });
}

// G = P (dP - sum(P dP)): as above where P is there and complete. G may be dP. Reads 12 or 16 B, writes 4 or 2 B per
// score. Reference: ReferenceAttention.vanillaBackward.
template <typename T>
__device__ void vanillaGradient(
    const T* probabilities, long long pRow, long long pHead, const float* dProbabilities, long long row,
    long long head, T* dScores, long long toRow, long long toHead, int queries, long long keys) {
  int i = blockIdx.x % queries;
  int h = blockIdx.x / queries;
  const T* weights = probabilities + h * pHead + i * pRow;
  const float* from = dProbabilities + h * head + i * row;
  T* to = dScores + h * toHead + i * toRow;
  bool packs = aligned(weights) && aligned(from) && aligned(to);
  float dot = 0;
  overRow(keys, packs, [&](long long j, auto width) {
    constexpr int N = decltype(width)::value;
    float p[N];
    float g[N];
    load(weights + j, p);
    load(from + j, g);
#pragma unroll
    for (int e = 0; e < N; e++) {
      dot = fmaf(p[e], g[e], dot);
    }
  });
  float mean = blockSum(dot);
  overRow(keys, packs, [&](long long j, auto width) {
    constexpr int N = decltype(width)::value;
    float p[N];
    float g[N];
    load(weights + j, p);
    load(from + j, g);
#pragma unroll
    for (int e = 0; e < N; e++) {
      g[e] = p[e] * (g[e] - mean);
    }
    store(to + j, g);
  });
}

#define PASSES(T, type)                                                                                              \
  extern "C" __global__ void __launch_bounds__(THREADS) softmax_##type(                                              \
      const float* scores, long long row, long long head, T* probabilities, long long toRow, long long toHead,       \
      float* lse, long long lseRow, int queries, long long keys, long long first, long long step) {                  \
    softmax(scores, row, head, probabilities, toRow, toHead, lse, lseRow, queries, keys, first, step);               \
  }                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(THREADS) gradient_##type(                                             \
      const float* scores, const float* dProbabilities, T* probabilities, T* dScores, long long row, long long head, \
      const float* lse, long long lseRow, const T* out, const T* dOut, long long vectorRow, int headSize,            \
      int queries, long long keys, long long first, long long step) {                                                \
    gradient(scores, dProbabilities, probabilities, dScores, row, head, lse, lseRow, out, dOut, vectorRow, headSize, \
             queries, keys, first, step);                                                                            \
  }                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(THREADS) vanillaGradient_##type(                                      \
      const T* probabilities, long long pRow, long long pHead, const float* dProbabilities, long long row,           \
      long long head, T* dScores, long long toRow, long long toHead, int queries, long long keys) {                  \
    vanillaGradient(probabilities, pRow, pHead, dProbabilities, row, head, dScores, toRow, toHead, queries, keys);   \
  }

PASSES(float, F32)
PASSES(bf16, BF16)
