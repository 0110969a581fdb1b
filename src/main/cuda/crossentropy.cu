// Softmax cross-entropy of rows, in place. For each row with a label, with p = exp(logits - maximum) / sum:
//
//   loss += log(sum) + maximum - logits[label]
//   logits = scale (p - onehot(label))
//
// Rows with label -1 become zero. Any other label outside the vocabulary makes the loss NaN, and the row zero.
// Shapes: logits [rows, vocabulary], bf16 or fp32; labels [rows], int; partial [blocks] double; lossSum [1] fp32.
// Grid: block b does rows b, b + blocks, ...; a multiple of 32, at most 1024, threads. A first pass over the row keeps a maximum
// and a sum of exponentials in each thread (online softmax), a second writes the gradient; rows that fit the L2 cache are read
// from memory once. Then addLoss, one block of 256 threads, adds the blocks' losses in order.
// N is 8 for bf16, 4 for fp32, 1 where an address or a row is not a multiple of 16 bytes.
// Accumulation in fp32, of losses in double. 2 to 3 accesses of 2 or 4 bytes, 2 exponentials, 6 FLOPs an element.
// Reference: ReferenceKernels.crossEntropy.
//
// labelLosses leaves the logits as they are and writes of each row its loss, and 1 if the label is the first of the largest
// logits: losses [rows, 2] fp32. The same grid; one pass over the row, and one more over what is before the label.
// Reference: ReferenceKernels.labelLosses.

using namespace wide;

const int AHEAD = 4;
const int WARPS = 32;
const float LOWEST = -3.402823466e38f; // not minus infinity: their difference must be a number

// exponentials relative to the maximum of what has been seen
struct Softmax {
  float maximum, sum;

  __device__ void join(float otherMaximum, float otherSum) {
    float joined = fmaxf(maximum, otherMaximum);
    sum = sum * __expf(maximum - joined) + otherSum * __expf(otherMaximum - joined);
    maximum = joined;
  }

  template <typename T, int N>
  __device__ void add(const Pack<T, N>& logits) {
    float largest = logits[0];
#pragma unroll
    for (int i = 1; i < N; i++) {
      largest = fmaxf(largest, logits[i]);
    }
    float joined = fmaxf(maximum, largest);
    sum *= __expf(maximum - joined);
    maximum = joined;
#pragma unroll
    for (int i = 0; i < N; i++) {
      sum += __expf(logits[i] - joined);
    }
  }
};

// of all threads, in a fixed order, for all threads
__device__ inline Softmax joinBlock(Softmax mine, Softmax* shared) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) {
    mine.join(__shfl_xor_sync(0xffffffffu, mine.maximum, step), __shfl_xor_sync(0xffffffffu, mine.sum, step));
  }
  if (threadIdx.x % 32 == 0) {
    shared[threadIdx.x / 32] = mine;
  }
  __syncthreads();
  int lane = threadIdx.x % 32;
  Softmax all = lane < blockDim.x / 32 ? shared[lane] : Softmax{LOWEST, 0};
#pragma unroll
  for (int step = 16; step > 0; step /= 2) {
    all.join(__shfl_xor_sync(0xffffffffu, all.maximum, step), __shfl_xor_sync(0xffffffffu, all.sum, step));
  }
  all.maximum = __shfl_sync(0xffffffffu, all.maximum, 0); // lanes may differ in the last bit
  all.sum = __shfl_sync(0xffffffffu, all.sum, 0);
  __syncthreads(); // the next row writes again
  return all;
}

template <int N, typename T>
__device__ inline void clear(T* row, int vocabulary) {
  float zeros[N] = {};
  for (int at = threadIdx.x * N; at < vocabulary; at += blockDim.x * N) {
    store(row + at, zeros);
  }
}

template <int N, typename T>
__device__ inline Softmax softmax(const T* row, int vocabulary, Softmax* shared) {
  Softmax mine{LOWEST, 0};
  const int step = blockDim.x * N;
  for (int first = threadIdx.x * N; first < vocabulary; first += AHEAD * step) {
    Pack<T, N> in[AHEAD];
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      if (first + i * step < vocabulary) {
        in[i] = load<N>(row + first + i * step);
      }
    }
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      if (first + i * step < vocabulary) {
        mine.add(in[i]);
      }
    }
  }
  return joinBlock(mine, shared);
}

template <int N, typename T>
__device__ inline void gradient(T* row, int vocabulary, int label, Softmax all, float scale) {
  const int step = blockDim.x * N;
  const float factor = scale / all.sum;
  const float atLabel = toFloat(row[label]);
  __syncthreads(); // the label's logit is read before it is overwritten
  for (int first = threadIdx.x * N; first < vocabulary; first += AHEAD * step) {
    Pack<T, N> in[AHEAD];
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      if (first + i * step < vocabulary) {
        in[i] = load<N>(row + first + i * step);
      }
    }
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      if (first + i * step < vocabulary) {
        float out[N];
#pragma unroll
        for (int j = 0; j < N; j++) {
          out[j] = __expf(in[i][j] - all.maximum) * factor;
        }
        store(row + first + i * step, out);
      }
    }
  }
  if (threadIdx.x == label / N % blockDim.x) { // which has just written there
    row[label] = fromFloat<T>(__expf(atLabel - all.maximum) * factor - scale);
  }
}

template <int N, typename T>
__device__ inline void crossEntropy(
    T* logits, const int* labels, long rows, int vocabulary, float scale, double* partial) {
  __shared__ Softmax shared[WARPS];
  double loss = 0;
  for (long i = blockIdx.x; i < rows; i += gridDim.x) {
    T* row = logits + i * vocabulary;
    int label = labels[i];
    if (label < 0 || label >= vocabulary) {
      clear<N>(row, vocabulary);
      loss += label == -1 ? 0 : __int_as_float(0x7fc00000);
      continue;
    }
    Softmax all = softmax<N>(row, vocabulary, shared);
    loss += logf(all.sum) + (all.maximum - toFloat(row[label]));
    gradient<N>(row, vocabulary, label, all, scale);
  }
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = loss;
  }
}

#define CROSS_ENTROPY(NAME, T, N)                                                                          \
  extern "C" __global__ void __launch_bounds__(1024) crossEntropy_##NAME(                                  \
      T* logits, const int* labels, long rows, int vocabulary, float scale, double* partial) {             \
    crossEntropy<N>(logits, labels, rows, vocabulary, scale, partial);                                     \
  }
FOR_EACH_TYPE(CROSS_ENTROPY)

template <int N, typename T>
__device__ inline void labelLosses(const T* logits, const int* labels, long rows, int vocabulary, float* losses) {
  __shared__ Softmax shared[WARPS];
  for (long i = blockIdx.x; i < rows; i += gridDim.x) {
    const T* row = logits + i * vocabulary;
    int label = labels[i];
    if (label < 0 || label >= vocabulary) {
      if (threadIdx.x == 0) {
        losses[2 * i] = label == -1 ? 0 : __int_as_float(0x7fc00000);
        losses[2 * i + 1] = 0;
      }
      continue;
    }
    Softmax all = softmax<N>(row, vocabulary, shared);
    const float atLabel = toFloat(row[label]);
    int sooner = 0; // whether a logit before the label's is as large
    for (int at = threadIdx.x; at < label; at += blockDim.x) {
      sooner |= toFloat(row[at]) == atLabel;
    }
    sooner = __syncthreads_or(sooner);
    if (threadIdx.x == 0) {
      losses[2 * i] = logf(all.sum) + (all.maximum - atLabel);
      losses[2 * i + 1] = atLabel == all.maximum && !sooner ? 1 : 0;
    }
  }
}

#define LABEL_LOSSES(NAME, T, N)                                                                           \
  extern "C" __global__ void __launch_bounds__(1024) labelLosses_##NAME(                                   \
      const T* logits, const int* labels, long rows, int vocabulary, float* losses) {                      \
    labelLosses<N>(logits, labels, rows, vocabulary, losses);                                              \
  }
FOR_EACH_TYPE(LABEL_LOSSES)

extern "C" __global__ void addLoss(const double* partial, int blocks, float* lossSum) {
  __shared__ double shared[WARPS];
  double sum = 0;
  for (int i = threadIdx.x; i < blocks; i += blockDim.x) {
    sum += partial[i];
  }
  sum = block::sum(sum, shared);
  if (threadIdx.x == 0) {
    *lossSum = (float)(*lossSum + sum);
  }
}
