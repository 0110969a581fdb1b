// c = alpha op(a) op(b) + beta c for shapes and alignments that cublasLt has no algorithm for.
// op(a) [m, k], op(b) [k, n], c [m, n], each `batch` times. Element (i, j) of a is a[i * aRow + j * aColumn]; so for b.
// Grid (tiles of c, batch), block 256: 16 x 16 elements of c, one per thread; sums in fp32, in the order of k.
// Reads (m k n / 16) elements of each operand from memory or cache; 2 m n k FLOPs. Reference: ReferenceKernels.matmul.

static const int TILE = 16;

template <typename T, typename C>
__device__ void product(
    const T* a, const T* b, C* c, long long m, long long n, long long k, long long aRow, long long aColumn,
    long long bRow, long long bColumn, long long cRow, long long aBatch, long long bBatch, long long cBatch,
    float alpha, float beta) {
  __shared__ float left[TILE][TILE];
  __shared__ float right[TILE][TILE + 1];
  a += blockIdx.y * aBatch;
  b += blockIdx.y * bBatch;
  c += blockIdx.y * cBatch;
  long long across = (n + TILE - 1) / TILE;
  int y = threadIdx.x / TILE;
  int x = threadIdx.x % TILE;
  long long i = blockIdx.x / across * TILE + y;
  long long j = blockIdx.x % across * TILE + x;
  float sum = 0;
  for (long long from = 0; from < k; from += TILE) {
    left[y][x] = i < m && from + x < k ? toFloat(a[i * aRow + (from + x) * aColumn]) : 0;
    right[y][x] = from + y < k && j < n ? toFloat(b[(from + y) * bRow + j * bColumn]) : 0;
    __syncthreads();
    for (int l = 0; l < TILE; l++) {
      sum = fmaf(left[y][l], right[l][x], sum);
    }
    __syncthreads();
  }
  if (i < m && j < n) {
    C* to = c + i * cRow + j;
    *to = fromFloat<C>(alpha * sum + (beta == 0 ? 0 : beta * toFloat(*to))); // with beta 0 c may hold anything
  }
}

#define PRODUCT(name, T, C)                                                                                       \
  extern "C" __global__ void __launch_bounds__(256) name(                                                         \
      const T* a, const T* b, C* c, long long m, long long n, long long k, long long aRow, long long aColumn,     \
      long long bRow, long long bColumn, long long cRow, long long aBatch, long long bBatch, long long cBatch,    \
      float alpha, float beta) {                                                                                  \
    product(a, b, c, m, n, k, aRow, aColumn, bRow, bColumn, cRow, aBatch, bBatch, cBatch, alpha, beta);           \
  }

PRODUCT(product_BF16_BF16, bf16, bf16)
PRODUCT(product_BF16_F32, bf16, float)
PRODUCT(product_F32_F32, float, float)
