// Rotary position embedding in place, Llama's pairing (Su et al. 2021). With half = headSize / 2, for i < half:
//
//   angle = positions[row] frequencies[i], negative for the inverse
//   (x[i], x[i + half]) = magnitude (x[i] cos - x[i + half] sin, x[i + half] cos + x[i] sin)
//
// Shapes: x [sequence, batch, heads, headSize], bf16 or fp32, here [sequence, vectors, 2, half]; positions [sequence], int;
// frequencies [half], double, in radians per position.
// Grid: (sequence, ceil(lanes * groups / threads)), lanes = half / N, groups = ceil(vectors / 4); a multiple of 32 threads, at
// most 256. A thread turns N neighbouring pairs of up to 4 vectors, which are groups apart. The block's threads share the work
// of the row's sines. N is 8 for bf16, 4 for fp32, 1 where an address or half is not a multiple of the pack.
// Shared memory: cosines and sines, 8 bytes a pair.
// Angles in double and in turns, of which whole ones are dropped: at position 1e6 they are right to 1e-9. Products in fp32,
// rounded once. The magnitude multiplies the row's cosines and sines, once; of 1 it changes no bit.
// 1 read and 1 write of 2 or 4 bytes, 3 FLOPs an element.
// Reference: ReferenceKernels.rotate.

using namespace wide;

const int VECTORS = 4;
const double TURN = 6.283185307179586;

// magnitude: of cosines and sines; direction: 1, or -1 for the inverse
template <int N, typename T>
__device__ inline void rotate(
    T* x, const int* positions, const double* frequencies, int vectors, int half, float magnitude,
    float direction) {
  extern __shared__ float cosines[]; // [half], then sines [half]
  float* sines = cosines + half;
  const int lanes = half / N;
  const int groups = (vectors + VECTORS - 1) / VECTORS;
  const int thread = blockIdx.y * blockDim.x + threadIdx.x;
  const int pair = thread % lanes * N;
  const int group = thread / lanes;
  x += (long)blockIdx.x * vectors * (2 * half) + pair;
  Pack<T, N> a[VECTORS];
  Pack<T, N> b[VECTORS];
#pragma unroll
  for (int i = 0; i < VECTORS; i++) {
    int vector = group + i * groups;
    if (group < groups && vector < vectors) {
      a[i] = load<N>(x + (long)vector * (2 * half));
      b[i] = load<N>(x + (long)vector * (2 * half) + half);
    }
  }
  double position = positions[blockIdx.x];
  for (int i = threadIdx.x; i < half; i += blockDim.x) {
    double turns = position * frequencies[i] / TURN;
    double sine, cosine;
    sincospi(2 * (turns - rint(turns)), &sine, &cosine);
    cosines[i] = magnitude * (float)cosine;
    sines[i] = direction * magnitude * (float)sine;
  }
  __syncthreads();
#pragma unroll
  for (int i = 0; i < VECTORS; i++) {
    int vector = group + i * groups;
    if (group < groups && vector < vectors) {
      float first[N];
      float second[N];
#pragma unroll
      for (int j = 0; j < N; j++) {
        float cosine = cosines[pair + j];
        float sine = sines[pair + j];
        first[j] = a[i][j] * cosine - b[i][j] * sine;
        second[j] = b[i][j] * cosine + a[i][j] * sine;
      }
      store(x + (long)vector * (2 * half), first);
      store(x + (long)vector * (2 * half) + half, second);
    }
  }
}

#define ROTATE(NAME, T, N)                                                                          \
  extern "C" __global__ void rotate_##NAME(                                                         \
      T* x, const int* positions, const double* frequencies, int vectors, int half,                 \
      float magnitude, float direction) {                                                           \
    rotate<N>(x, positions, frequencies, vectors, half, magnitude, direction);                      \
  }
FOR_EACH_TYPE(ROTATE)
