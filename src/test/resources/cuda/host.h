// CUDA's words for one block at a time on the host: every thread is a fiber, and waits where the threads of its warp or block have
// to meet. So sources of kernels run as they are, but for what is written in PTX.
#pragma once
#include <setjmp.h>
#include <strings.h>
#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#define __device__
#define __global__
#define __shared__ static
#define __launch_bounds__(threads)

using std::max;
using std::min;

struct uint2 {
  unsigned x, y;
};
struct uint4 {
  unsigned x, y, z, w;
};
struct float2 {
  float x, y;
};
struct float4 {
  float x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }

namespace host {

struct Index {
  int x, y, z;
};
inline Index block, thread, blocks, threads;

struct Meeting {
  int arrived = 0, held = 0;
};

// A context begins a fiber; from then on it jumps, for a change of contexts asks the system each time.
struct Fiber {
  ucontext_t context;
  jmp_buf jump;
  std::unique_ptr<char[]> stack;
  bool begun, done;
  const Meeting* at; // that it waits for, null if it does not
  int number;
};

inline jmp_buf scheduler;
inline std::vector<Fiber> fibers;
inline std::vector<Meeting> warps;
inline Meeting all;
inline std::vector<unsigned> words; // what the threads of warps show each other
inline std::function<void()> body;

inline void meet(Meeting& meeting, int size) {
  if (++meeting.arrived == size) {
    meeting.arrived = 0;
    meeting.held++;
    return;
  }
  Fiber& own = fibers[thread.x];
  own.at = &meeting;
  own.number = meeting.held;
  if (_setjmp(own.jump) == 0) {
    _longjmp(scheduler, 1);
  }
}

inline void meetWarp() { meet(warps[thread.x / 32], 32); }

inline void run() {
  body();
  fibers[thread.x].done = true;
  _longjmp(scheduler, 1);
}

// Goes on with a fiber until it waits or is done.
inline void resume(Fiber& fiber) {
  if (_setjmp(scheduler) != 0) {
    return;
  }
  fiber.at = nullptr;
  if (fiber.begun) {
    _longjmp(fiber.jump, 1);
  }
  fiber.begun = true;
  setcontext(&fiber.context);
}

// Runs a kernel's blocks one after the other. A block whose threads do not all meet never ends.
inline void launch(int blockCount, int threadCount, std::function<void()> kernel) {
  const int STACK = 1 << 17;
  body = kernel;
  blocks = {blockCount, 1, 1};
  threads = {threadCount, 1, 1};
  fibers.resize(threadCount);
  words.assign(threadCount, 0);
  for (int b = 0; b < blockCount; b++) {
    block = {b, 0, 0};
    warps.assign(threadCount / 32, Meeting());
    all = Meeting();
    for (Fiber& fiber : fibers) {
      if (!fiber.stack) {
        fiber.stack.reset(new char[STACK]);
      }
      getcontext(&fiber.context);
      fiber.context.uc_stack.ss_sp = fiber.stack.get();
      fiber.context.uc_stack.ss_size = STACK;
      fiber.context.uc_link = nullptr;
      fiber.begun = fiber.done = false;
      fiber.at = nullptr;
      makecontext(&fiber.context, run, 0);
    }
    for (bool busy = true; busy;) {
      busy = false;
      for (int t = 0; t < threadCount; t++) {
        Fiber& fiber = fibers[t];
        busy |= !fiber.done;
        if (!fiber.done && (fiber.at == nullptr || fiber.at->held != fiber.number)) {
          thread = {t, 0, 0};
          resume(fiber);
        }
      }
    }
  }
}

template <typename T>
T from(T value, int lane) {
  unsigned word;
  static_assert(sizeof(T) == sizeof(word), "one word");
  int own = thread.x;
  memcpy(&word, &value, sizeof(word));
  words[own] = word;
  meetWarp();
  word = words[own / 32 * 32 + lane];
  meetWarp();
  memcpy(&value, &word, sizeof(word));
  return value;
}

template <typename T>
T any(T value, int lane) {
  if constexpr (sizeof(T) == 8) {
    unsigned halves[2];
    memcpy(halves, &value, 8);
    halves[0] = from(halves[0], lane);
    halves[1] = from(halves[1], lane);
    memcpy(&value, halves, 8);
    return value;
  } else {
    return from(value, lane);
  }
}

} // namespace host

#define threadIdx host::thread
#define blockIdx host::block
#define gridDim host::blocks
#define blockDim host::threads

inline float __uint_as_float(unsigned bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}
inline unsigned __float_as_uint(float value) {
  unsigned bits;
  memcpy(&bits, &value, 4);
  return bits;
}
inline void __syncthreads() { host::meet(host::all, (int)host::fibers.size()); }
inline void __syncwarp() { host::meetWarp(); }
template <typename T>
T __shfl_sync(unsigned, T value, int lane) {
  return host::any(value, lane);
}
template <typename T>
T __shfl_xor_sync(unsigned, T value, int bits) {
  return host::any(value, (threadIdx.x % 32) ^ bits);
}
template <typename T>
T __shfl_down_sync(unsigned, T value, int step) {
  int lane = threadIdx.x % 32;
  return host::any(value, lane + step < 32 ? lane + step : lane);
}
template <typename T>
T __shfl_up_sync(unsigned, T value, int step) {
  int lane = threadIdx.x % 32;
  return host::any(value, lane >= step ? lane - step : lane);
}
inline unsigned __ballot_sync(unsigned, bool holds) {
  unsigned bits = 0;
  for (int lane = 0; lane < 32; lane++) {
    bits |= (unsigned)host::from((int)holds, lane) << lane;
  }
  return bits;
}
inline int __ffs(unsigned bits) { return ffs((int)bits); }
