// Squared error of the hyperbolic tangent of rows, in place. For each row with label 0, with t = tanh(z) and m columns:
//
//   loss += sum over columns of (t - target)^2 / m
//   z = 2 scale / m (t - target) (1 - t) (1 + t)
//
// Rows with label -1 become zero. Any other label makes the loss NaN, and the row zero.
// Shapes: z [rows, actions], bf16 or fp32; targets [rows, actions] fp32; labels [rows], int; partial [blocks] double.
// Grid: as many blocks of 256 threads as partial has elements; thread t of all takes rows t, t + threads, ..., for an action has
// a few numbers. Then addLoss of crossentropy.cu adds the blocks' losses in order.
// Accumulation in fp32 within a row, of losses in double. 3 accesses, of 2 or 4 bytes and of 4, 1 tangent, 8 FLOPs an element.
// Reference: ReferenceKernels.squaredError.
//
// labelErrors leaves z as it is and writes of each row its loss, and a zero: losses [rows, 2] fp32; one thread a row.
// Reference: ReferenceKernels.labelErrors.

const int THREADS = 256;

template <typename T>
__device__ inline float meanSquare(const T* z, const float* target, int actions) {
  float sum = 0;
  for (int i = 0; i < actions; i++) {
    float difference = tanhf(toFloat(z[i])) - target[i];
    sum += difference * difference;
  }
  return sum / actions;
}

__device__ inline float ofWrong(int label) { return label == -1 ? 0 : __int_as_float(0x7fc00000); }

template <typename T>
__device__ inline void squaredError(
    T* z, const float* targets, const int* labels, long rows, int actions, float scale, double* partial) {
  __shared__ double shared[THREADS / 32];
  const float factor = 2 * scale / actions;
  double loss = 0;
  for (long i = (long)blockIdx.x * THREADS + threadIdx.x; i < rows; i += (long)gridDim.x * THREADS) {
    T* row = z + i * actions;
    const float* target = targets + i * actions;
    bool counts = labels[i] == 0;
    loss += counts ? meanSquare(row, target, actions) : ofWrong(labels[i]);
    for (int j = 0; j < actions; j++) {
      float t = tanhf(toFloat(row[j]));
      row[j] = fromFloat<T>(counts ? factor * (t - target[j]) * (1 - t) * (1 + t) : 0);
    }
  }
  loss = block::sum(loss, shared);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = loss;
  }
}

template <typename T>
__device__ inline void labelErrors(
    const T* z, const float* targets, const int* labels, long rows, int actions, float* losses) {
  long i = (long)blockIdx.x * THREADS + threadIdx.x;
  if (i < rows) {
    losses[2 * i] = labels[i] == 0 ? meanSquare(z + i * actions, targets + i * actions, actions) : ofWrong(labels[i]);
    losses[2 * i + 1] = 0;
  }
}

#define SQUARED_ERROR(NAME, T)                                                                              \
  extern "C" __global__ void __launch_bounds__(THREADS) squaredError_##NAME(                                \
      T* z, const float* targets, const int* labels, long rows, int actions, float scale, double* partial) { \
    squaredError(z, targets, labels, rows, actions, scale, partial);                                        \
  }                                                                                                         \
  extern "C" __global__ void __launch_bounds__(THREADS) labelErrors_##NAME(                                 \
      const T* z, const float* targets, const int* labels, long rows, int actions, float* losses) {         \
    labelErrors(z, targets, labels, rows, actions, losses);                                                 \
  }
SQUARED_ERROR(BF16, bf16)
SQUARED_ERROR(F32, float)
