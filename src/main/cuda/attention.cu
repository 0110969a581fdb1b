// What surrounds the fused attention: merging of blocks, gradients of blocks, and the layouts that the fused attention takes.
//
// Tensors are dense [tokens, batch, heads, headSize]; a row is one head of one token. LANES = 2^laneBits <= 32 consecutive lanes
// share a row, each with WIDTH elements at a time (4: 16-byte accesses of fp32, rows must be so aligned; 1: any). Blocks of 256
// threads, one dimension, of the second dimension as said. All arithmetic in fp32. Bound by memory: a handful of FLOPs per element.
//
// mergeTBOxY          out, logSumExp <- total, logSumExp, block, blockLogSumExp        6 to 10 bytes per element (block bf16)
//                     total, block, out of types T, B, O; as ReferenceAttention.merge
// addGradientsxY      to[token, head] += or = from[token, head]                        10 bytes per element, 6 if overwritten
// copyHeadsxY         rows of one headSize into rows of another                        4 bytes per element
// statsOfLogSumExp    stats[batch, heads, queries] = logSumExp[queries, batch, heads]  8 bytes per row
// logSumExpOfStats    the other way round

constexpr int THREADS = 256;
constexpr int MERGED_ROWS = 2;  // rows of one merging lane: enough loads on their way

template <typename T, int WIDTH>
struct alignas(sizeof(T) * WIDTH) Pack {
  T values[WIDTH];
};

template <int WIDTH, typename T>
__device__ inline Pack<T, WIDTH> load(const T* from) {
  return *reinterpret_cast<const Pack<T, WIDTH>*>(from);
}

template <int WIDTH, typename T>
__device__ inline void store(T* to, const Pack<T, WIDTH>& pack) {
  *reinterpret_cast<Pack<T, WIDTH>*>(to) = pack;
}

// log-sum-exp of no key: minus infinity
__device__ inline float nothing() { return __uint_as_float(0xff800000u); }

__device__ inline unsigned long long globalThread() { return (unsigned long long)blockIdx.x * THREADS + threadIdx.x; }

// What becomes of one row of the total.
struct Merging {
  bool changes;     // the block has seen a key, or nothing has: then the result is 0
  bool fresh;       // the total had seen nothing: whatever it holds is overwritten
  float weight;     // of the block
  float logSumExp;  // of both

  __device__ Merging(float total, float block) {
    bool empty = block == nothing();
    fresh = total == nothing();
    changes = !empty || fresh;
    if (fresh) {
      weight = empty ? 0.0f : 1.0f;
      logSumExp = block;
    } else {
      float small = expf(-fabsf(block - total));
      weight = (block > total ? 1.0f : small) / (1.0f + small);
      logSumExp = fmaxf(total, block) + log1pf(small);
    }
  }
};

template <typename Total, typename Block, typename Out, int WIDTH>
__device__ inline void merge(
    const Total* total, float* logSumExp, const Block* block, const float* blockLogSumExp, Out* out, unsigned long long rows,
    int headSize, int laneBits) {
  unsigned long long first = (globalThread() >> laneBits) * MERGED_ROWS;
  int lanes = 1 << laneBits;
  int lane = threadIdx.x & (lanes - 1);
  float before[MERGED_ROWS], added[MERGED_ROWS];
#pragma unroll
  for (int r = 0; r < MERGED_ROWS; r++) {
    bool inside = first + r < rows;
    before[r] = inside ? logSumExp[first + r] : 0.0f;
    added[r] = inside ? blockLogSumExp[first + r] : nothing();  // changes nothing
  }
  for (int column = lane * WIDTH; column < headSize; column += lanes * WIDTH) {
    Pack<Total, WIDTH> sums[MERGED_ROWS];
    Pack<Block, WIDTH> extras[MERGED_ROWS];
#pragma unroll
    for (int r = 0; r < MERGED_ROWS; r++) {  // before the weights are needed
      if (first + r < rows) {
        sums[r] = load<WIDTH>(total + (first + r) * headSize + column);
        extras[r] = load<WIDTH>(block + (first + r) * headSize + column);
      }
    }
#pragma unroll
    for (int r = 0; r < MERGED_ROWS; r++) {
      Merging merging(before[r], added[r]);
      if (first + r < rows) {
        Pack<Out, WIDTH> merged;
#pragma unroll
        for (int i = 0; i < WIDTH; i++) {
          float sum = toFloat(sums[r].values[i]);
          float extra = toFloat(extras[r].values[i]);
          float fresh = merging.weight == 0.0f ? 0.0f : extra;
          float kept = merging.changes ? sum + merging.weight * (extra - sum) : sum;
          merged.values[i] = fromFloat<Out>(merging.fresh ? fresh : kept);
        }
        store<WIDTH>(out + (first + r) * headSize + column, merged);
      }
    }
  }
  __syncwarp();  // all lanes of a row have read its log-sum-exp
  if (lane == 0) {
#pragma unroll
    for (int r = 0; r < MERGED_ROWS; r++) {
      Merging merging(before[r], added[r]);
      if (first + r < rows && merging.changes) {
        logSumExp[first + r] = merging.logSumExp;
      }
    }
  }
}

#define MERGE(name, Total, Block, Out, WIDTH)                                                                           \
  extern "C" __global__ void __launch_bounds__(THREADS) name(                                                           \
      const Total* total, float* logSumExp, const Block* block, const float* blockLogSumExp, Out* out,                  \
      unsigned long long rows, int headSize, int laneBits) {                                                            \
    merge<Total, Block, Out, WIDTH>(total, logSumExp, block, blockLogSumExp, out, rows, headSize, laneBits);            \
  }

MERGE(mergeBf16Bf16Bf16x4, bf16, bf16, bf16, 4)
MERGE(mergeBf16Bf16Bf16x1, bf16, bf16, bf16, 1)
MERGE(mergeBf16Bf16Floatx4, bf16, bf16, float, 4)
MERGE(mergeBf16Bf16Floatx1, bf16, bf16, float, 1)
MERGE(mergeFloatBf16Bf16x4, float, bf16, bf16, 4)
MERGE(mergeFloatBf16Bf16x1, float, bf16, bf16, 1)
MERGE(mergeFloatBf16Floatx4, float, bf16, float, 4)
MERGE(mergeFloatBf16Floatx1, float, bf16, float, 1)
MERGE(mergeFloatFloatFloatx4, float, float, float, 4)
MERGE(mergeFloatFloatFloatx1, float, float, float, 1)

// Block y of the grid adds from<y> to to<y>.
// from: [tokens * batch, heads, fromSize], of each row the first headSize; to: [tokens * batch, toHeads, headSize] from firstHead on
template <int WIDTH>
__device__ inline void addGradients(
    const bf16* from, float* to, unsigned rows, int heads, int fromSize, int toHeads, int firstHead, int headSize, int laneBits, int add) {
  unsigned long long row = globalThread() >> laneBits;
  if (row >= rows) {
    return;
  }
  int lanes = 1 << laneBits;
  unsigned token = (unsigned)row / heads;
  unsigned head = (unsigned)row % heads + firstHead;
  from += row * fromSize;
  to += ((unsigned long long)token * toHeads + head) * headSize;
  for (int column = (threadIdx.x & (lanes - 1)) * WIDTH; column < headSize; column += lanes * WIDTH) {
    Pack<bf16, WIDTH> gradient = load<WIDTH>(from + column);
    Pack<float, WIDTH> sum{};
    if (add) {
      sum = load<WIDTH>(to + column);
    }
#pragma unroll
    for (int i = 0; i < WIDTH; i++) {
      sum.values[i] += toFloat(gradient.values[i]);
    }
    store<WIDTH>(to + column, sum);
  }
}

#define ADD_GRADIENTS(name, WIDTH)                                                                                       \
  extern "C" __global__ void __launch_bounds__(THREADS) name(                                                            \
      const bf16* from0, float* to0, const bf16* from1, float* to1, unsigned rows, int heads, int fromSize, int toHeads, \
      int firstHead, int headSize, int laneBits, int add) {                                                              \
    bool one = blockIdx.y == 1;                                                                                          \
    addGradients<WIDTH>(                                                                                                 \
        one ? from1 : from0, one ? to1 : to0, rows, heads, fromSize, toHeads, firstHead, headSize, laneBits, add);       \
  }

ADD_GRADIENTS(addGradientsx4, 4)
ADD_GRADIENTS(addGradientsx1, 1)

// from: [tokens * batch, fromHeads, fromSize] from fromHead on; to: [tokens * batch, heads, toSize], beyond fromSize 0
template <int WIDTH>
__device__ inline void copyHeads(
    const bf16* from, bf16* to, unsigned rows, int heads, int fromHeads, int fromHead, int fromSize, int toSize, int laneBits) {
  unsigned long long row = globalThread() >> laneBits;
  if (row >= rows) {
    return;
  }
  int lanes = 1 << laneBits;
  unsigned token = (unsigned)row / heads;
  unsigned head = (unsigned)row % heads + fromHead;
  from += ((unsigned long long)token * fromHeads + head) * fromSize;
  to += row * toSize;
  for (int column = (threadIdx.x & (lanes - 1)) * WIDTH; column < toSize; column += lanes * WIDTH) {
    Pack<bf16, WIDTH> values{};
    if (column < fromSize) {
      values = load<WIDTH>(from + column);
    }
    store<WIDTH>(to + column, values);
  }
}

#define COPY_HEADS(name, WIDTH)                                                                                               \
  extern "C" __global__ void __launch_bounds__(THREADS) name(                                                                 \
      const bf16* from, bf16* to, unsigned rows, int heads, int fromHeads, int fromHead, int fromSize, int toSize, int laneBits) { \
    copyHeads<WIDTH>(from, to, rows, heads, fromHeads, fromHead, fromSize, toSize, laneBits);                                 \
  }

COPY_HEADS(copyHeadsx4, 4)
COPY_HEADS(copyHeadsx1, 1)

// Transposes go through tiles of 32 x 32 in shared memory, 8 rows of a tile at a time. Grid: tiles of queries, tiles of batch * heads.
constexpr int TILE = 32;
constexpr int TILE_ROWS = THREADS / TILE;

// A query that saw nothing has a log-sum-exp of minus infinity; its probabilities exp(score - stats) must be 0, not infinite.
constexpr float SAW_NOTHING = 1e30f;

// logSumExp: [queries, batch, allHeads] from firstHead on; stats: [batch, heads, queries]
extern "C" __global__ void __launch_bounds__(THREADS)
    statsOfLogSumExp(const float* logSumExp, float* stats, int queries, int batch, int heads, int allHeads, int firstHead) {
  __shared__ float tile[TILE][TILE + 1];
  int x = threadIdx.x % TILE;
  int y = threadIdx.x / TILE;
  int column = blockIdx.y * TILE + x;  // of batch * heads
  for (int i = y; i < TILE; i += TILE_ROWS) {
    long long query = (long long)blockIdx.x * TILE + i;
    if (query < queries && column < batch * heads) {
      long long head = column / heads * allHeads + firstHead + column % heads;
      float value = logSumExp[query * batch * allHeads + head];
      tile[i][x] = value == nothing() ? SAW_NOTHING : value;
    }
  }
  __syncthreads();
  long long query = (long long)blockIdx.x * TILE + x;
  for (int i = y; i < TILE; i += TILE_ROWS) {
    int row = blockIdx.y * TILE + i;
    if (query < queries && row < batch * heads) {
      stats[(long long)row * queries + query] = tile[x][i];
    }
  }
}

// stats: [rows, queries], logSumExp: [queries, rows], rows = batch * heads
extern "C" __global__ void __launch_bounds__(THREADS) logSumExpOfStats(const float* stats, float* logSumExp, int queries, int rows) {
  __shared__ float tile[TILE][TILE + 1];
  int x = threadIdx.x % TILE;
  int y = threadIdx.x / TILE;
  long long query = (long long)blockIdx.x * TILE + x;
  for (int i = y; i < TILE; i += TILE_ROWS) {
    int row = blockIdx.y * TILE + i;
    if (query < queries && row < rows) {
      tile[i][x] = stats[(long long)row * queries + query];
    }
  }
  __syncthreads();
  int row = blockIdx.y * TILE + x;
  for (int i = y; i < TILE; i += TILE_ROWS) {
    long long at = (long long)blockIdx.x * TILE + i;
    if (at < queries && row < rows) {
      logSumExp[at * rows + row] = tile[x][i];
    }
  }
}
