// Copies neighbouring heads of every row into another tensor, converting the element type where it differs:
//
//   to[row, column] = from[row, column]    for row < rows, column < N packs
//
// Shapes: from, to [tokens, batch, heads, headSize], each of bf16 or fp32, here rows = tokens batch of fromRow and toRow
// elements, from and to already at the first head. Heads of to that are not copied stay.
// Grid: ceil(rows packs / (4 * 256)) blocks of 256 threads: packs counted through all rows, 4 of a thread, 256 apart, all read
// before the first is written. N is 8 where all is bf16, 4 where fp32 takes part, 1 where an address or headSize is not a
// multiple of the pack.
// 1 read and 1 write of 2 or 4 bytes, 0 FLOP an element.
// Reference: ReferenceKernels.copyHeads.

using namespace wide;

const int PACKS = 4;
const int THREADS = 256;

template <int N, typename To, typename From>
__device__ inline void copyHeads(const From* from, To* to, long rows, unsigned packs, long fromRow, long toRow) {
  long first = (long)blockIdx.x * (PACKS * THREADS);
  long row = first / packs; // the only division in 64 bits
  unsigned column = (unsigned)(first - row * packs) + threadIdx.x;
  from += row * fromRow;
  to += row * toRow;
  rows -= row;
  Pack<From, N> in[PACKS];
#pragma unroll
  for (int i = 0; i < PACKS; i++) {
    unsigned pack = column + i * THREADS;
    if (pack / packs < rows) {
      in[i] = load<N>(from + pack / packs * fromRow + (long)(pack % packs) * N);
    }
  }
#pragma unroll
  for (int i = 0; i < PACKS; i++) {
    unsigned pack = column + i * THREADS;
    if (pack / packs < rows) {
      float out[N];
#pragma unroll
      for (int j = 0; j < N; j++) {
        out[j] = in[i][j];
      }
      store(to + pack / packs * toRow + (long)(pack % packs) * N, out);
    }
  }
}

// named after the type of to, then that of from
#define COPY_HEADS(NAME, To, From, N)                                                                            \
  extern "C" __global__ void __launch_bounds__(256) copyHeads_##NAME(                                            \
      const From* from, To* to, long rows, unsigned packs, long fromRow, long toRow) {                           \
    copyHeads<N>(from, to, rows, packs, fromRow, toRow);                                                         \
  }
COPY_HEADS(bf16_bf16, bf16, bf16, 8)
COPY_HEADS(bf16_bf16_single, bf16, bf16, 1)
COPY_HEADS(bf16_f32, bf16, float, 4)
COPY_HEADS(bf16_f32_single, bf16, float, 1)
COPY_HEADS(f32_bf16, float, bf16, 4)
COPY_HEADS(f32_bf16_single, float, bf16, 1)
COPY_HEADS(f32_f32, float, float, 4)
COPY_HEADS(f32_f32_single, float, float, 1)
