// RMSNorm (Zhang and Sennrich 2019) and its backward. For each row, with inverse = 1 / sqrt(mean(x^2) + epsilon):
//
//   rmsNorm          out = x inverse weight
//   rmsNormBackward  dx += dOut weight inverse - x inverse^3 sum(dOut weight x) / hidden
//                    dWeight += sum over rows of dOut x inverse
//
// Shapes: x, out, dOut, dx [rows, hidden], weight [hidden], of one type, bf16 or fp32; partial [blocks, hidden] and dWeight
// [hidden] fp32. N is 8 for bf16, 4 for fp32, 1 where an address or a row is not a multiple of 16 bytes.
// Grid, forward: a block for each row. Backward: as many blocks as partial has rows; block b does rows b, b + blocks, ... and
// leaves its part of dWeight in partial[b]; then addColumns, a block of 32 x 8 threads for 32 columns, adds those up in order.
// A block has a multiple of 32, at most 512, threads; thread t has packs t, t + threads, ... of a row and keeps the first CACHED
// of them in registers. Rows longer than that are read twice.
// Accumulation in fp32. Bytes an element: forward 2 accesses, backward 4, of 2 or 4 bytes. FLOPs: 4 and 12.
// Reference: ReferenceKernels.rmsNorm, rmsNormBackward.

using namespace wide;

const int CACHED = 2;
const int WARPS = 16;
const int MANY = 768;  // threads of a multiprocessor: so few registers, that three blocks of 256 are resident

template <int N, typename T>
__device__ inline float squares(const Pack<T, N>& x) {
  float sum = 0;
#pragma unroll
  for (int i = 0; i < N; i++) {
    sum += x[i] * x[i];
  }
  return sum;
}

template <int N, typename T>
__device__ inline void normalise(T* out, const Pack<T, N>& x, float inverse, const Pack<T, N>& weight) {
  float y[N];
#pragma unroll
  for (int i = 0; i < N; i++) {
    y[i] = x[i] * inverse * weight[i];
  }
  store(out, y);
}

template <int N, typename T>
__device__ inline void rmsNorm(const T* x, const T* weight, T* out, int hidden, float epsilon) {
  __shared__ float shared[WARPS];
  const int packs = hidden / N;
  const int threads = blockDim.x;
  x += (long)blockIdx.x * hidden;
  out += (long)blockIdx.x * hidden;
  Pack<T, N> in[CACHED];
  Pack<T, N> gain[CACHED];
#pragma unroll
  for (int i = 0; i < CACHED; i++) {
    int pack = threadIdx.x + i * threads;
    if (pack < packs) {
      in[i] = load<N>(x + pack * N);
      gain[i] = load<N>(weight + pack * N);
    }
  }
  float sum = 0;
#pragma unroll
  for (int i = 0; i < CACHED; i++) {
    if (threadIdx.x + i * threads < packs) {
      sum += squares(in[i]);
    }
  }
  for (int pack = threadIdx.x + CACHED * threads; pack < packs; pack += threads) {
    sum += squares(load<N>(x + pack * N));
  }
  float inverse = rsqrtf(block::sum(sum, shared) / hidden + epsilon);
#pragma unroll
  for (int i = 0; i < CACHED; i++) {
    int pack = threadIdx.x + i * threads;
    if (pack < packs) {
      normalise(out + pack * N, in[i], inverse, gain[i]);
    }
  }
  for (int pack = threadIdx.x + CACHED * threads; pack < packs; pack += threads) {
    normalise(out + pack * N, load<N>(x + pack * N), inverse, load<N>(weight + pack * N));
  }
}

template <int N, typename T>
__device__ inline float projection(const Pack<T, N>& dOut, const Pack<T, N>& weight, const Pack<T, N>& x) {
  float sum = 0;
#pragma unroll
  for (int i = 0; i < N; i++) {
    sum += dOut[i] * weight[i] * x[i];
  }
  return sum;
}

// dx of one pack, and what the row adds to dWeight
template <int N, typename T>
__device__ inline void differentiate(
    T* dx, const Pack<T, N>& before, const Pack<T, N>& dOut, const Pack<T, N>& weight, const Pack<T, N>& x, float inverse,
    float shrink, float* dWeight) {
  float after[N];
#pragma unroll
  for (int i = 0; i < N; i++) {
    after[i] = before[i] + (dOut[i] * weight[i] * inverse - x[i] * shrink);
    dWeight[i] += dOut[i] * x[i] * inverse;
  }
  store(dx, after);
}

// of all threads, both at once; calls in turn use other shared memory, so one barrier is enough
__device__ inline void sumBoth(float& a, float& b, float (&shared)[2][WARPS]) {
  a = block::warpSum(a);
  b = block::warpSum(b);
  int lane = threadIdx.x % 32;
  if (lane == 0) {
    shared[0][threadIdx.x / 32] = a;
    shared[1][threadIdx.x / 32] = b;
  }
  __syncthreads();
  bool warp = lane < blockDim.x / 32;
  a = block::warpSum(warp ? shared[0][lane] : 0.0f);
  b = block::warpSum(warp ? shared[1][lane] : 0.0f);
}

template <int N, typename T>
__device__ inline void rmsNormBackward(
    const T* x, const T* weight, const T* dOut, T* dx, float* partial, long rows, int hidden, float epsilon) {
  __shared__ float shared[2][2][WARPS];
  int turn = 0;
  const int packs = hidden / N;
  const int threads = blockDim.x;
  const int rest = threadIdx.x + CACHED * threads; // this thread's first pack that stays in memory
  partial += (long)blockIdx.x * hidden;
  float dGain[CACHED][N] = {};
  Pack<T, N> gain[CACHED];
#pragma unroll
  for (int i = 0; i < CACHED; i++) {
    int pack = threadIdx.x + i * threads;
    if (pack < packs) {
      gain[i] = load<N>(weight + pack * N);
    }
  }
  for (int pack = rest; pack < packs; pack += threads) {
    for (int i = 0; i < N; i++) {
      partial[pack * N + i] = 0;
    }
  }
  for (long row = blockIdx.x; row < rows; row += gridDim.x) {
    const T* in = x + row * hidden;
    const T* dNormed = dOut + row * hidden;
    T* dIn = dx + row * hidden;
    Pack<T, N> inPacks[CACHED];
    Pack<T, N> dNormedPacks[CACHED];
    Pack<T, N> dInPacks[CACHED];
#pragma unroll
    for (int i = 0; i < CACHED; i++) {
      int pack = threadIdx.x + i * threads;
      if (pack < packs) {
        inPacks[i] = load<N>(in + pack * N);
        dNormedPacks[i] = load<N>(dNormed + pack * N);
        dInPacks[i] = load<N>(dIn + pack * N);
      }
    }
    float square = 0;
    float project = 0;
#pragma unroll
    for (int i = 0; i < CACHED; i++) {
      if (threadIdx.x + i * threads < packs) {
        square += squares(inPacks[i]);
        project += projection(dNormedPacks[i], gain[i], inPacks[i]);
      }
    }
    for (int pack = rest; pack < packs; pack += threads) {
      Pack<T, N> values = load<N>(in + pack * N);
      square += squares(values);
      project += projection(load<N>(dNormed + pack * N), load<N>(weight + pack * N), values);
    }
    sumBoth(square, project, shared[turn]);
    turn = 1 - turn;
    float inverse = rsqrtf(square / hidden + epsilon);
    float shrink = inverse * inverse * inverse * project / hidden;
#pragma unroll
    for (int i = 0; i < CACHED; i++) {
      int pack = threadIdx.x + i * threads;
      if (pack < packs) {
        differentiate(dIn + pack * N, dInPacks[i], dNormedPacks[i], gain[i], inPacks[i], inverse, shrink, dGain[i]);
      }
    }
    for (int pack = rest; pack < packs; pack += threads) {
      int at = pack * N;
      differentiate(
          dIn + at, load<N>(dIn + at), load<N>(dNormed + at), load<N>(weight + at), load<N>(in + at), inverse, shrink,
          partial + at);
    }
  }
#pragma unroll
  for (int i = 0; i < CACHED; i++) {
    int pack = threadIdx.x + i * threads;
    if (pack < packs) {
      for (int j = 0; j < N; j++) {
        partial[pack * N + j] = dGain[i][j];
      }
    }
  }
}

#define RMSNORM(NAME, T, N)                                                                                      \
  extern "C" __global__ void __launch_bounds__(512) rmsNorm_##NAME(                                              \
      const T* x, const T* weight, T* out, int hidden, float epsilon) {                                          \
    rmsNorm<N>(x, weight, out, hidden, epsilon);                                                                 \
  }                                                                                                              \
  extern "C" __global__ void __launch_bounds__(MANY) rmsNormBackward_##NAME(                                     \
      const T* x, const T* weight, const T* dOut, T* dx, float* partial, long rows, int hidden, float epsilon) { \
    rmsNormBackward<N>(x, weight, dOut, dx, partial, rows, hidden, epsilon);                                     \
  }
FOR_EACH_TYPE(RMSNORM)

extern "C" __global__ void addColumns(const float* partial, int blocks, int hidden, float* dWeight) {
  __shared__ float sums[8][32];
  int lane = threadIdx.x % 32;
  int slice = threadIdx.x / 32;
  int column = blockIdx.x * 32 + lane;
  float sum = 0;
  if (column < hidden) {
#pragma unroll 8
    for (int row = slice; row < blocks; row += 8) {
      sum += partial[(long)row * hidden + column];
    }
  }
  sums[slice][lane] = sum;
  __syncthreads();
  if (slice == 0 && column < hidden) {
    float total = 0;
    for (int i = 0; i < 8; i++) {
      total += sums[i][lane];
    }
    dWeight[column] += total;
  }
}
