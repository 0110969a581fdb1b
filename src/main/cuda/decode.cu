// Attention of a few new tokens over a long cache of keys and values.
//
//   partial[row, head] = softmax(scale q[row, head] . keys[slots]) values[slots], then its log-sum-exp
//   over the slots of all segments (rowFrom, rowTo, slotFrom, slotTo) that row is in; 0 and minus infinity where there are none
//
// Shapes: q [rows, heads, SIZE]; keys, values [slots, keyValueHeads, SIZE], bf16 or fp32; segments [segments, 4];
//   outs [chunks, rows, heads, SIZE], statistics [chunks, rows, heads] of (largest score, sum of exponentials relative to it), scores
//   in binary logarithm; partial [rows, heads, SIZE + 1], fp32.
// Grid of attend and attendPlain: chunks * keyValueHeads blocks of 128 threads, whatever the segments say: block (chunk, head) takes the
//   chunk-th share of the head's tiles, counted through all segments. So recorded launches hold for a cache that grows.
// Grid of joinChunks: rows * heads blocks of 256 threads. Chunks and warps are joined in a fixed order.
// Sums in fp32; attend multiplies bf16 by bf16, probabilities rounded to it.
// Bytes: 2 SIZE elements of the cache a slot and head, once for 64 queries. 4 SIZE FLOP a slot and query.
// Reference: ReferenceDecode.attend.

const int THREADS = 128;
const int WARPS = 4;
const int KEYS = 64;    // slots of a tile
const int QUERIES = 64; // of a tile: a row's heads that read one key/value head, row after row
const int BEGIN = 2;    // what it costs to begin with other queries, in tiles
const float LN2 = 0.693147180559945f;

__device__ inline float nothing() { return __uint_as_float(0xff800000u); } // the largest of no scores: minus infinity

// Weight of sums relative to one largest score among those relative to another; 0 where nothing was seen.
__device__ inline float weight(float largest, float among) { return largest == nothing() ? 0.0f : exp2f(largest - among); }

// One segment, seen from one key/value head.
struct Segment {
  int rowFrom, queries, slotFrom, slotTo;

  __device__ Segment() {}
  __device__ Segment(const int* numbers, int rows, int slots, int group) {
    rowFrom = max(numbers[0], 0);
    queries = (min(numbers[1], rows) - rowFrom) * group;
    slotFrom = max(numbers[2], 0);
    slotTo = min(numbers[3], slots);
  }

  __device__ int passes() const { return (queries + QUERIES - 1) / QUERIES; }
  __device__ int tiles() const { return (slotTo - slotFrom + KEYS - 1) / KEYS; }
  __device__ long work() const { return queries > 0 && slotFrom < slotTo ? (long)passes() * (BEGIN + tiles()) : 0; }
};

// Extents of a call, and which of the blocks this is.
struct Call {
  const int* segments;
  int segmentCount, rows, slots, heads, keyValueHeads, chunks;

  __device__ int group() const { return heads / keyValueHeads; }
  __device__ int head() const { return blockIdx.x % keyValueHeads; } // neighbours in memory at the same time
  __device__ int chunk() const { return blockIdx.x / keyValueHeads; }
  __device__ Segment segment(int i) const { return Segment(segments + 4l * i, rows, slots, group()); }
  // index of [row, head] of q
  __device__ long lane(const Segment& segment, int query) const {
    return (long)(segment.rowFrom + query / group()) * heads + head() * group() + query % group();
  }
  // index of [chunk, row, head]
  __device__ long part(long lane) const { return (long)chunk() * rows * heads + lane; }
};

// Walks over the tiles of a block's share. Work is counted in tiles, with BEGIN before the first of each pass.
struct Walk {
  Segment segment;
  int index, pass, tile;
  long at, end; // of the head's whole work

  // All lanes of a warp together.
  __device__ Walk(const Call& call) : index(0), pass(0), tile(0) {
    int lane = threadIdx.x % 32;
    long total = 0;
    for (int i = lane; i < call.segmentCount; i += 32) {
      total += call.segment(i).work();
    }
    total = block::warpSum(total);
    at = total * call.chunk() / call.chunks;
    end = total * (call.chunk() + 1) / call.chunks;
    long before = 0;
    for (int first = 0; at < end && first < call.segmentCount; first += 32) {
      long own = first + lane < call.segmentCount ? call.segment(first + lane).work() : 0;
      long until = own;
#pragma unroll
      for (int step = 1; step < 32; step *= 2) {
        long other = __shfl_up_sync(0xffffffffu, until, step);
        until += lane >= step ? other : 0;
      }
      unsigned behind = __ballot_sync(0xffffffffu, at < before + until);
      if (behind != 0) {
        int found = __ffs(behind) - 1;
        index = first + found;
        begin(call, at - before - __shfl_sync(0xffffffffu, until - own, found));
        return;
      }
      before += __shfl_sync(0xffffffffu, until, 31);
    }
  }

  __device__ void begin(const Call& call, long offset) {
    segment = call.segment(index);
    long length = BEGIN + segment.tiles();
    pass = (int)(offset / length);
    int inside = (int)(offset - pass * length);
    tile = max(inside - BEGIN, 0);
    at += max(BEGIN - inside, 0);
  }

  __device__ bool valid() const { return at < end; }
  __device__ int slot() const { return segment.slotFrom + tile * KEYS; }
  __device__ int keys() const { return min(KEYS, segment.slotTo - slot()); }
  __device__ int firstQuery() const { return pass * QUERIES; }
  __device__ int queries() const { return min(QUERIES, segment.queries - firstQuery()); }
  __device__ bool last() const { return at + 1 >= end || tile + 1 == segment.tiles(); } // of these queries

  __device__ void next(const Call& call) {
    at++;
    tile++;
    if (tile < segment.tiles() || at >= end) {
      return;
    }
    tile = 0;
    at += BEGIN;
    pass++;
    if (pass == segment.passes()) {
      pass = 0;
      do {
        index++;
        if (index < call.segmentCount) {
          segment = call.segment(index);
        }
      } while (index < call.segmentCount && segment.work() == 0);
    }
  }
};

// Nothing seen yet, of all queries of this block.
__device__ inline void clear(const Call& call, float2* statistics) {
  Segment all;
  all.rowFrom = 0;
  for (int query = threadIdx.x; query < call.rows * call.group(); query += THREADS) {
    statistics[call.part(call.lane(all, query))] = make_float2(nothing(), 0.0f);
  }
  __syncthreads();
}

namespace matrix {

__device__ inline unsigned sharedAddress(const void* shared) {
  unsigned address;
  asm("{ .reg .u64 whole; cvta.to.shared.u64 whole, %1; cvt.u32.u64 %0, whole; }" : "=r"(address) : "l"(shared));
  return address;
}

// Starts to copy 16 bytes to shared memory, or writes 16 zeros and reads nothing.
__device__ inline void copyAsync(void* to, const void* from, bool read) {
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(sharedAddress(to)), "l"(from), "r"(read ? 16 : 0)
               : "memory");
}

__device__ inline void endGroup() { asm volatile("cp.async.commit_group;" ::: "memory"); }

template <int LATER>
__device__ inline void awaitAllBut() {
  asm volatile("cp.async.wait_group %0;" ::"n"(LATER) : "memory");
}

// Loads 8x8 matrices of bf16; lane i gives row i % 8 of matrix i / 8 and gets elements 2 (i % 4), + 1 of row i / 4 of each.
__device__ inline void load4(unsigned (&to)[4], const bf16* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(sharedAddress(row))
               : "memory");
}
__device__ inline void load2(unsigned (&to)[2], const bf16* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
               : "=r"(to[0]), "=r"(to[1])
               : "r"(sharedAddress(row))
               : "memory");
}
// The same of transposed matrices.
__device__ inline void load4Transposed(unsigned (&to)[4], const bf16* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(sharedAddress(row))
               : "memory");
}
__device__ inline void load2Transposed(unsigned (&to)[2], const bf16* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(to[0]), "=r"(to[1])
               : "r"(sharedAddress(row))
               : "memory");
}

// c[16, 8] += a[16, 16] b[16, 8]. Lane i has of c columns 2 (i % 4), + 1 of row i / 4, then of row i / 4 + 8.
__device__ inline void multiply16(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// c[16, 8] += a[16, 8] b[8, 8]
__device__ inline void multiply8(float (&c)[4], unsigned a0, unsigned a1, unsigned b0) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a0), "r"(a1), "r"(b0));
}

// Two bf16, the first in the low half.
__device__ inline unsigned pair(float low, float high) {
  unsigned packed;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
}

} // namespace matrix

// What one warp knows of 16 queries: outputs, largest scores and sums over the keys it has seen. Lane i has rows i / 4 and i / 4 + 8.
template <int SIZE>
struct Queries {
  static const int PITCH = (SIZE / 8 | 1) * 8; // elements of a row in shared memory: an odd number of 16 bytes, so that no banks clash
  static const int HANDED = SIZE / 2 + 4;      // floats of a lane

  unsigned query[(SIZE + 15) / 16][4];
  float out[SIZE / 8][4];
  float largest[2], sum[2];

  // first of the 16; those from end on are 0
  __device__ void begin(const Call& call, const Segment& segment, int first, int end, const bf16* q) {
    int lane = threadIdx.x % 32;
    const unsigned* from[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
      int own = first + lane / 4 + 8 * r;
      from[r] = own < end ? reinterpret_cast<const unsigned*>(q + call.lane(segment, own) * SIZE) + lane % 4 : nullptr;
    }
#pragma unroll
    for (int k = 0; k < (SIZE + 15) / 16; k++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        bool inside = 16 * k + 8 * (i / 2) < SIZE && from[i % 2] != nullptr;
        query[k][i] = inside ? from[i % 2][8 * k + 4 * (i / 2)] : 0;
      }
    }
#pragma unroll
    for (int n = 0; n < SIZE / 8; n++) {
      out[n][0] = out[n][1] = out[n][2] = out[n][3] = 0.0f;
    }
    largest[0] = largest[1] = nothing();
    sum[0] = sum[1] = 0.0f;
  }

  // 16 keys, of which the first count are there, at least one
  __device__ void see(const bf16* keys, const bf16* values, int count, float scale) {
    int lane = threadIdx.x % 32;
    float score[2][4] = {{0.0f, 0.0f, 0.0f, 0.0f}, {0.0f, 0.0f, 0.0f, 0.0f}};
    const bf16* row = keys + (lane / 16 * 8 + lane % 8) * PITCH + lane / 8 % 2 * 8;
#pragma unroll
    for (int k = 0; k < SIZE / 16; k++) {
      unsigned b[4];
      matrix::load4(b, row + 16 * k);
      matrix::multiply16(score[0], query[k], b[0], b[1]);
      matrix::multiply16(score[1], query[k], b[2], b[3]);
    }
    if constexpr (SIZE % 16 != 0) {
      unsigned b[2];
      matrix::load2(b, keys + lane % 16 * PITCH + SIZE - 8);
      matrix::multiply8(score[0], query[SIZE / 16][0], query[SIZE / 16][1], b[0]);
      matrix::multiply8(score[1], query[SIZE / 16][0], query[SIZE / 16][1], b[1]);
    }
#pragma unroll
    for (int n = 0; n < 2; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        int key = 8 * n + 2 * (lane % 4) + i % 2;
        score[n][i] = key < count ? score[n][i] * scale : nothing();
      }
    }
    float factor[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
      float now = fmaxf(fmaxf(score[0][2 * r], score[0][2 * r + 1]), fmaxf(score[1][2 * r], score[1][2 * r + 1]));
      now = fmaxf(now, __shfl_xor_sync(0xffffffffu, now, 1));
      now = fmaxf(now, __shfl_xor_sync(0xffffffffu, now, 2));
      now = fmaxf(now, largest[r]);
      factor[r] = exp2f(largest[r] - now); // 0 at first
      largest[r] = now;
      sum[r] *= factor[r];
#pragma unroll
      for (int n = 0; n < 2; n++) {
#pragma unroll
        for (int i = 2 * r; i < 2 * r + 2; i++) {
          score[n][i] = exp2f(score[n][i] - now);
          sum[r] += score[n][i]; // of this lane's keys
        }
      }
    }
    if (__any_sync(0xffffffffu, factor[0] != 1.0f || factor[1] != 1.0f)) {
#pragma unroll
      for (int n = 0; n < SIZE / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          out[n][i] *= factor[i / 2];
        }
      }
    }
    addValues(values, score);
  }

  __device__ void addValues(const bf16* values, const float (&probability)[2][4]) {
    int lane = threadIdx.x % 32;
    unsigned a[4];
#pragma unroll
    for (int i = 0; i < 4; i++) {
      a[i] = matrix::pair(probability[i / 2][2 * (i % 2)], probability[i / 2][2 * (i % 2) + 1]);
    }
    const bf16* row = values + lane % 16 * PITCH;
#pragma unroll
    for (int n = 0; n < SIZE / 16; n++) {
      unsigned b[4];
      matrix::load4Transposed(b, row + 16 * n + lane / 16 * 8);
      matrix::multiply16(out[2 * n], a, b[0], b[1]);
      matrix::multiply16(out[2 * n + 1], a, b[2], b[3]);
    }
    if constexpr (SIZE % 16 != 0) {
      unsigned b[2];
      matrix::load2Transposed(b, row + SIZE - 8);
      matrix::multiply16(out[SIZE / 8 - 1], a, b[0], b[1]);
    }
  }

  // Sums over the lanes that share a query.
  __device__ void end() {
#pragma unroll
    for (int r = 0; r < 2; r++) {
      sum[r] += __shfl_xor_sync(0xffffffffu, sum[r], 1);
      sum[r] += __shfl_xor_sync(0xffffffffu, sum[r], 2);
    }
  }

  // To another warp with the same queries, which takes it; every lane to its like.
  __device__ void hand(float* shared) const {
    float* own = shared + threadIdx.x % 32;
#pragma unroll
    for (int i = 0; i < SIZE / 2; i++) {
      own[i * 32] = out[i / 4][i % 4];
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
      own[(SIZE / 2 + r) * 32] = largest[r];
      own[(SIZE / 2 + 2 + r) * 32] = sum[r];
    }
  }

  __device__ void take(const float* shared) {
    const float* other = shared + threadIdx.x % 32;
    float mine[2], its[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
      float among = fmaxf(largest[r], other[(SIZE / 2 + r) * 32]);
      mine[r] = weight(largest[r], among);
      its[r] = weight(other[(SIZE / 2 + r) * 32], among);
      largest[r] = among;
      sum[r] = mine[r] * sum[r] + its[r] * other[(SIZE / 2 + 2 + r) * 32];
    }
#pragma unroll
    for (int i = 0; i < SIZE / 2; i++) {
      int r = i % 4 / 2;
      out[i / 4][i % 4] = mine[r] * out[i / 4][i % 4] + its[r] * other[i * 32];
    }
  }

  // Merges with what this block has written of these queries before.
  __device__ void write(const Call& call, const Segment& segment, int first, int end, float* outs, float2* statistics) const {
    int lane = threadIdx.x % 32;
#pragma unroll
    for (int r = 0; r < 2; r++) {
      int own = first + lane / 4 + 8 * r;
      bool inside = own < end;
      long part = inside ? call.part(call.lane(segment, own)) : 0;
      float2 before = inside ? statistics[part] : make_float2(nothing(), 0.0f);
      __syncwarp(); // all lanes of a query have read it
      float among = fmaxf(largest[r], before.x);
      float mine = weight(largest[r], among);
      float its = weight(before.x, among);
      if (inside) {
        float* to = outs + part * SIZE + 2 * (lane % 4);
#pragma unroll
        for (int n = 0; n < SIZE / 8; n++) {
          float2 both = make_float2(mine * out[n][2 * r], mine * out[n][2 * r + 1]);
          if (before.y != 0.0f) {
            float2 old = *reinterpret_cast<float2*>(to + 8 * n);
            both.x += its * old.x;
            both.y += its * old.y;
          }
          *reinterpret_cast<float2*>(to + 8 * n) = both;
        }
        if (lane % 4 == 0) {
          statistics[part] = make_float2(among, mine * sum[r] + its * before.y);
        }
      }
    }
  }
};

// STAGES tiles of keys and values in shared memory, one of them in use, the others on their way. The 4 warps share the tiles'
// keys where there are up to 16 queries, both keys and queries up to 32, the queries otherwise.
template <int SIZE, int STAGES>
__device__ inline void attend(
    const bf16* q, const bf16* keys, const bf16* values, const Call& call, float* outs, float2* statistics, float scale) {
  typedef Queries<SIZE> Some;
  const int TILE = KEYS * Some::PITCH;
  const int WORDS = KEYS * (SIZE / 8); // of 16 bytes, of keys in a tile
  extern __shared__ uint4 memory[];
  bf16* tiles = reinterpret_cast<bf16*>(memory); // [STAGES, keys then values, KEYS, PITCH]
  float* handed = reinterpret_cast<float*>(tiles + STAGES * 2 * TILE); // [HANDED, 32]
  int warp = threadIdx.x / 32;

  auto fetch = [&](const Walk& walk, int stage) {
    bf16* keyTile = tiles + stage * 2 * TILE;
    long distance = (long)call.keyValueHeads * SIZE;
    long from = walk.slot() * distance + call.head() * SIZE;
    int count = walk.keys();
#pragma unroll
    for (int j = 0; j < (WORDS + THREADS - 1) / THREADS; j++) {
      int i = threadIdx.x + j * THREADS;
      if (WORDS % THREADS != 0 && i >= WORDS) {
        break;
      }
      int row = i / (SIZE / 8);
      int column = i % (SIZE / 8) * 8;
      bool inside = row < count;
      long at = from + (inside ? row * distance : 0) + column;
      matrix::copyAsync(keyTile + row * Some::PITCH + column, keys + at, inside);
      matrix::copyAsync(keyTile + TILE + row * Some::PITCH + column, values + at, inside);
    }
  };

  Walk ahead(call);
  Walk walk = ahead;
#pragma unroll
  for (int stage = 0; stage < STAGES - 1; stage++) {
    if (ahead.valid()) {
      fetch(ahead, stage);
      ahead.next(call);
    }
    matrix::endGroup();
  }
  clear(call, statistics);

  Some some;
  bool fresh = true;
  int stage = 0;
  while (walk.valid()) {
    int groups = walk.queries() <= 16 ? 1 : walk.queries() <= 32 ? 2 : 4; // of 16 queries, each with as many warps
    int sharers = WARPS / groups;
    int first = walk.firstQuery() + warp / sharers * 16;
    int end = walk.firstQuery() + walk.queries();
    if (fresh) {
      some.begin(call, walk.segment, first, end, q);
      fresh = false;
    }
    matrix::awaitAllBut<STAGES - 2>();
    __syncthreads(); // the tile is there for all, and all are done with the one before
    if (ahead.valid()) {
      fetch(ahead, stage == 0 ? STAGES - 1 : stage - 1);
      ahead.next(call);
    }
    matrix::endGroup();
    const bf16* tile = tiles + stage * 2 * TILE;
    for (int key = warp % sharers * 16; key < walk.keys() && first < end; key += sharers * 16) {
      some.see(tile + key * Some::PITCH, tile + TILE + key * Some::PITCH, walk.keys() - key, scale);
    }
    if (walk.last()) {
      some.end();
      for (int step = 0; step < WARPS; step++) { // warp after warp; all at once where none shares
        int sharer = step % sharers;
        if (step == warp) {
          if (sharer > 0) {
            some.take(handed);
          }
          if (sharer + 1 < sharers) {
            some.hand(handed);
          } else {
            some.write(call, walk.segment, first, end, outs, statistics);
          }
        }
        if (sharers > 1) {
          __syncthreads();
        }
      }
      fresh = true;
    }
    walk.next(call);
    stage = stage + 1 == STAGES ? 0 : stage + 1;
  }
}

// Any SIZE up to 256, any alignment: a warp takes up to TOGETHER queries at a time, which share the keys and values that it reads. So 16
// queries of a block, all that read one key/value head in 16 rows without groups, read the cache once.
template <typename T>
__device__ inline void attendPlain(
    const T* q, const T* keys, const T* values, const Call& call, float* outs, float2* statistics, float scale, int size) {
  const int EACH = 8; // elements of a lane, 32 apart
  const int AT_ONCE = 4; // keys
  const int TOGETHER = 4;
  int lane = threadIdx.x % 32;
  int warp = threadIdx.x / 32;
  long distance = (long)call.keyValueHeads * size;
  clear(call, statistics);
  for (Walk walk(call); walk.valid(); walk.next(call)) {
    int from = walk.slot();
    while (!walk.last()) {
      walk.next(call);
    }
    int to = walk.slot() + walk.keys();
    int each = min(TOGETHER, (walk.queries() + WARPS - 1) / WARPS); // no warp is idle while another has several
    for (int first = warp * each; first < walk.queries(); first += WARPS * each) {
      int count = min(each, walk.queries() - first);
      long index[TOGETHER];
      float own[TOGETHER][EACH], out[TOGETHER][EACH], largest[TOGETHER], sum[TOGETHER];
#pragma unroll
      for (int i = 0; i < TOGETHER; i++) {
        index[i] = call.lane(walk.segment, walk.firstQuery() + first + min(i, count - 1));
        largest[i] = nothing();
        sum[i] = 0.0f;
#pragma unroll
        for (int j = 0; j < EACH; j++) {
          own[i][j] = lane + 32 * j < size ? toFloat(q[index[i] * size + lane + 32 * j]) * scale : 0.0f;
          out[i][j] = 0.0f;
        }
      }
      for (int slot = from; slot < to; slot += AT_ONCE) {
        float key[AT_ONCE][EACH], value[AT_ONCE][EACH];
#pragma unroll
        for (int k = 0; k < AT_ONCE; k++) {
          long row = (slot + k) * distance + call.head() * size;
#pragma unroll
          for (int j = 0; j < EACH; j++) {
            bool inside = slot + k < to && lane + 32 * j < size;
            key[k][j] = inside ? toFloat(keys[row + lane + 32 * j]) : 0.0f;
            value[k][j] = inside ? toFloat(values[row + lane + 32 * j]) : 0.0f;
          }
        }
#pragma unroll
        for (int i = 0; i < TOGETHER; i++) {
          if (i < count) { // the same in all lanes
            float score[AT_ONCE];
            float now = largest[i];
#pragma unroll
            for (int k = 0; k < AT_ONCE; k++) {
              float product = 0.0f;
#pragma unroll
              for (int j = 0; j < EACH; j++) {
                product += own[i][j] * key[k][j];
              }
              product = block::warpSum(product);
              score[k] = slot + k < to ? product : nothing();
              now = fmaxf(now, score[k]);
            }
            float factor = exp2f(largest[i] - now);
            largest[i] = now;
            sum[i] *= factor;
#pragma unroll
            for (int j = 0; j < EACH; j++) {
              out[i][j] *= factor;
            }
#pragma unroll
            for (int k = 0; k < AT_ONCE; k++) {
              if (slot + k < to) {
                float probability = exp2f(score[k] - now);
                sum[i] += probability;
#pragma unroll
                for (int j = 0; j < EACH; j++) {
                  out[i][j] += probability * value[k][j];
                }
              }
            }
          }
        }
      }
#pragma unroll
      for (int i = 0; i < TOGETHER; i++) {
        if (i < count) {
          long part = call.part(index[i]);
          float2 before = statistics[part];
          __syncwarp(); // all lanes have read it
          float among = fmaxf(largest[i], before.x);
          float mine = weight(largest[i], among);
          float its = weight(before.x, among);
#pragma unroll
          for (int j = 0; j < EACH; j++) {
            if (lane + 32 * j < size) {
              float* at = outs + part * size + lane + 32 * j;
              *at = mine * out[i][j] + (before.y != 0.0f ? its * *at : 0.0f);
            }
          }
          if (lane == 0) {
            statistics[part] = make_float2(among, mine * sum[i] + its * before.y);
          }
        }
      }
    }
    __syncthreads(); // other warps may go on with these queries
  }
}

#define ARGUMENTS(T)                                                                                                  \
  const T *q, const T *keys, const T *values, const int *segments, float *outs, float2 *statistics, int segmentCount, \
      int rows, int slots, int heads, int keyValueHeads, int chunks, float scale

// SIZE: elements of a head; STAGES: as many as leave room for two blocks on a multiprocessor
#define ATTEND(SIZE, STAGES)                                                             \
  extern "C" __global__ void __launch_bounds__(THREADS) attend_##SIZE(ARGUMENTS(bf16)) { \
    Call call = {segments, segmentCount, rows, slots, heads, keyValueHeads, chunks};     \
    attend<SIZE, STAGES>(q, keys, values, call, outs, statistics, scale);                \
  }
ATTEND(64, 4)
ATTEND(72, 4)
ATTEND(80, 4)
ATTEND(88, 4)
ATTEND(96, 4)
ATTEND(104, 3)
ATTEND(112, 3)
ATTEND(120, 3)
ATTEND(128, 3)

#define ATTEND_PLAIN(NAME, T)                                                                          \
  extern "C" __global__ void __launch_bounds__(THREADS) attendPlain_##NAME(ARGUMENTS(T), int size) { \
    Call call = {segments, segmentCount, rows, slots, heads, keyValueHeads, chunks};                   \
    attendPlain(q, keys, values, call, outs, statistics, scale, size);                                 \
  }
ATTEND_PLAIN(bf16, bf16)
ATTEND_PLAIN(f32, float)

// Merges the chunks of one row and head: a warp takes every eighth, then the warps' sums are added in their order.
extern "C" __global__ void __launch_bounds__(256)
    joinChunks(const float* outs, const float2* statistics, float* partial, long lanes, int chunks, int size) {
  const int JOINERS = 8; // warps
  const int EACH = 8;
  __shared__ float maxima[JOINERS], sums[JOINERS], totals[JOINERS][32 * EACH];
  int warp = threadIdx.x / 32;
  int lane = threadIdx.x % 32;
  float largest = nothing();
  for (int chunk = threadIdx.x; chunk < chunks; chunk += 32 * JOINERS) {
    largest = fmaxf(largest, statistics[chunk * lanes + blockIdx.x].x);
  }
#pragma unroll
  for (int step = 16; step > 0; step /= 2) {
    largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, step));
  }
  if (lane == 0) {
    maxima[warp] = largest;
  }
  __syncthreads();
  for (int other = 0; other < JOINERS; other++) {
    largest = fmaxf(largest, maxima[other]);
  }
  float sum = 0.0f;
  float total[EACH] = {};
  for (int chunk = warp; chunk < chunks; chunk += JOINERS) {
    long part = chunk * lanes + blockIdx.x;
    float2 seen = statistics[part];
    if (seen.y != 0.0f) { // NaN too
      float share = exp2f(seen.x - largest);
      sum += share * seen.y;
#pragma unroll
      for (int j = 0; j < EACH; j++) {
        total[j] += lane + 32 * j < size ? share * outs[part * size + lane + 32 * j] : 0.0f;
      }
    }
  }
  if (lane == 0) {
    sums[warp] = sum;
  }
#pragma unroll
  for (int j = 0; j < EACH; j++) {
    totals[warp][lane + 32 * j] = total[j];
  }
  __syncthreads();
  sum = 0.0f;
  for (int other = 0; other < JOINERS; other++) {
    sum += sums[other];
  }
  float* to = partial + (long)blockIdx.x * (size + 1);
  if (threadIdx.x < size) {
    float all = 0.0f;
    for (int other = 0; other < JOINERS; other++) {
      all += totals[other][threadIdx.x];
    }
    to[threadIdx.x] = sum == 0.0f ? 0.0f : all / sum;
  }
  if (threadIdx.x == 0) {
    to[size] = sum == 0.0f ? nothing() : (largest + log2f(sum)) * LN2;
  }
}

// Merges the parts of all ranks, rank after rank: out[row, head] from parts[ranks, row, head, size + 1]. A warp takes a row and head.
// Reference: ReferenceDecode.merge.
template <typename T>
__device__ inline void mergeRanks(const float* parts, T* out, long lanes, int ranks, int size) {
  long index = (long)blockIdx.x * WARPS + threadIdx.x / 32;
  if (index >= lanes) {
    return;
  }
  float largest = nothing();
  for (int rank = 0; rank < ranks; rank++) {
    largest = fmaxf(largest, parts[(rank * lanes + index) * (size + 1) + size]);
  }
  for (int column = threadIdx.x % 32; column < size; column += 32) {
    float sum = 0.0f;
    float total = 0.0f;
    for (int rank = 0; rank < ranks; rank++) {
      const float* part = parts + (rank * lanes + index) * (size + 1);
      if (part[size] != nothing()) {
        float share = expf(part[size] - largest);
        sum += share;
        total += share * part[column];
      }
    }
    out[index * size + column] = fromFloat<T>(sum == 0.0f ? 0.0f : total / sum);
  }
}

#define MERGE_RANKS(NAME, T)                                           \
  extern "C" __global__ void __launch_bounds__(THREADS) mergeRanks_##NAME( \
      const float* parts, T* out, long lanes, int ranks, int size) {   \
    mergeRanks(parts, out, lanes, ranks, size);                        \
  }
MERGE_RANKS(bf16, bf16)
MERGE_RANKS(f32, float)

// to[slots[row]] = from[row] of length elements each, where slots[row] is not negative. Grid: rows x ceil(packs / 128) blocks.
template <int N, typename T>
__device__ inline void place(const T* from, const int* slots, T* to, long length) {
  long column = ((long)blockIdx.y * THREADS + threadIdx.x) * N;
  int slot = slots[blockIdx.x];
  if (slot >= 0 && column < length) {
    typedef typename wide::Word<sizeof(T) * N>::Type Word;
    *reinterpret_cast<Word*>(to + slot * length + column) = *reinterpret_cast<const Word*>(from + blockIdx.x * length + column);
  }
}

#define PLACE(NAME, T, N)                                               \
  extern "C" __global__ void __launch_bounds__(THREADS) place_##NAME(   \
      const T* from, const int* slots, T* to, long length) {            \
    place<N>(from, slots, to, length);                                  \
  }
FOR_EACH_TYPE(PLACE)
