// Token embedding and its backward.
//
//   embed          out[row] = table[tokens[row]]
//   embedBackward  dTable[tokens[row]] += dOut[row]
//
// Shapes: tokens [rows], int, each in [0, vocabulary); table [vocabulary, hidden], out [rows, hidden], dOut [rows, hidden] of one
// type, bf16 or fp32; dTable [vocabulary, hidden] fp32. A token outside the vocabulary gives a row of NaN, and no gradient.
//
// embed: a block for each row, at most 256 threads; N elements an access, 16 bytes, or 1 element where addresses or rows are no
// multiples of that. 1 read and 1 write of 2 or 4 bytes an element.
//
// The backward must add in a fixed order, so no atomics: rows are sorted by token first, at most 32768 at a time.
//   rank          order[place] = row: a row's place is the number of rows that have a smaller token, or the same one and come
//                 earlier. Blocks of 256 threads, a thread for each row; it compares with all rows: rows^2 comparisons, 0.1 ms
//                 for 32768 rows on an H100.
//   addRows       grid (rows, ceil(hidden / (N * threads))), at most 128 threads. The block at the first place of a token adds
//                 up all rows of that token in fp32, in order, and adds the sum to the table; the other blocks do nothing.
//                 N is 4, or 1. Reads dOut once, reads and writes dTable [distinct tokens, hidden] once; 1 FLOP an element.
// Reference: ReferenceKernels.embed, embedBackward.

using namespace wide;

const int ROWS = 256; // of a block of rank, and of the tile it compares with
const int AHEAD = 16; // rows in flight
const int ABSENT = 0x7fffffff;

template <int N, typename T>
__device__ inline void embed(const int* tokens, const T* table, T* out, int vocabulary, int hidden) {
  int token = tokens[blockIdx.x];
  out += (long)blockIdx.x * hidden;
  if (token < 0 || token >= vocabulary) {
    for (int i = threadIdx.x; i < hidden; i += blockDim.x) {
      out[i] = fromFloat<T>(__int_as_float(0x7fc00000));
    }
    return;
  }
  table += (long)token * hidden;
  for (int i = threadIdx.x * N; i < hidden; i += blockDim.x * N) {
    *reinterpret_cast<typename Word<sizeof(T) * N>::Type*>(out + i) = load<N>(table + i).word;
  }
}

// tokens outside the vocabulary are all -1
__device__ inline int known(int token, int vocabulary) { return token < 0 || token >= vocabulary ? -1 : token; }

extern "C" __global__ void __launch_bounds__(256) rank(const int* tokens, int rows, int vocabulary, int* order) {
  __shared__ int4 tile[ROWS / 4];
  int row = blockIdx.x * ROWS + threadIdx.x;
  int own = row < rows ? known(tokens[row], vocabulary) : 0;
  int place = 0;
  for (int first = 0; first < rows; first += ROWS) {
    int other = first + threadIdx.x;
    reinterpret_cast<int*>(tile)[threadIdx.x] = other < rows ? known(tokens[other], vocabulary) : ABSENT;
    __syncthreads();
    if (first == blockIdx.x * ROWS) {
      for (int i = 0; i < ROWS; i++) {
        int token = reinterpret_cast<const int*>(tile)[i];
        place += token < own || (token == own && i < threadIdx.x);
      }
    } else {
      int end = first < row ? own + 1 : own;
#pragma unroll 8
      for (int i = 0; i < ROWS / 4; i++) {
        int4 token = tile[i];
        place += token.x < end;
        place += token.y < end;
        place += token.z < end;
        place += token.w < end;
      }
    }
    __syncthreads();
  }
  if (row < rows) {
    order[place] = row;
  }
}

template <int N, typename T>
__device__ inline void addRows(
    const int* tokens, const int* order, int rows, const T* dOut, float* dTable, int vocabulary, int hidden) {
  int place = blockIdx.x;
  int token = tokens[order[place]];
  int column = (blockIdx.y * blockDim.x + threadIdx.x) * N;
  if (known(token, vocabulary) < 0 || (place > 0 && tokens[order[place - 1]] == token) || column >= hidden) {
    return;
  }
  dOut += column;
  float* to = dTable + (long)token * hidden + column;
  Pack<float, N> before = load<N>(to);
  float sum[N] = {};
  for (bool more = true; more; place += AHEAD) {
    Pack<T, N> in[AHEAD];
    int found = 0; // rows of the token among the next AHEAD; the rest is loaded from nowhere
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      int row = place + i < rows ? order[place + i] : -1;
      if (row >= 0 && tokens[row] == token) {
        in[i] = load<N>(dOut + (long)row * hidden);
        found++;
      }
    }
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      if (i < found) {
#pragma unroll
        for (int j = 0; j < N; j++) {
          sum[j] += in[i][j];
        }
      }
    }
    more = found == AHEAD;
  }
#pragma unroll
  for (int j = 0; j < N; j++) {
    sum[j] += before[j];
  }
  store(to, sum);
}

#define EMBED(NAME, T, N)                                                                                            \
  extern "C" __global__ void embed_##NAME(const int* tokens, const T* table, T* out, int vocabulary, int hidden) {   \
    embed<N>(tokens, table, out, vocabulary, hidden);                                                                \
  }
FOR_EACH_TYPE(EMBED)

#define ADD_ROWS(NAME, T, N)                                                                                         \
  extern "C" __global__ void __launch_bounds__(128) addRows_##NAME(                                                  \
      const int* tokens, const int* order, int rows, const T* dOut, float* dTable, int vocabulary, int hidden) {     \
    addRows<N>(tokens, order, rows, dOut, dTable, vocabulary, hidden);                                               \
  }
ADD_ROWS(bf16, bf16, 4)
ADD_ROWS(bf16_single, bf16, 1)
ADD_ROWS(f32, float, 4)
ADD_ROWS(f32_single, float, 1)
