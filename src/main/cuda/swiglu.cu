// SwiGLU and its backward, element-wise: s = sigmoid(gate),
//
//   swiGlu          out   = gate s up                                  2 reads, 1 write
//   swiGluBackward  dGate = dOut up s (1 + gate (1 - s))               3 reads, 2 writes
//                   dUp   = dOut gate s
//
// Shapes: all [n], of one type, bf16 or fp32. A read or write is of 2 or 4 bytes; about 15 and 25 FLOPs an element.
// out may lie over gate or up, dGate over gate, dUp over up: an element is read before it is written.
// Grid: ceil(n / (2 * 256 * N)) blocks of 256 threads, 2 packs of N elements a thread (wide::forEach).
// N is 8 for bf16, 4 for fp32, 1 where an address is not a multiple of 16.
// Arithmetic in fp32, rounded once.
// Reference: ReferenceKernels.swiGlu, swiGluBackward.

using namespace wide;

const int PACKS = 2;

// s and 1 - s without cancellation or overflow
struct Sigmoid {
  float value, complement;

  __device__ explicit Sigmoid(float x) {
    float power = __expf(-fabsf(x));
    float large = __fdividef(1, 1 + power);
    float small = power * large;
    value = x >= 0 ? large : small;
    complement = x >= 0 ? small : large;
  }
};

template <typename T>
struct Forward {
  const T* gate;
  const T* up;
  T* out;

  template <int N>
  struct In {
    Pack<T, N> gate, up;
  };

  template <int N>
  __device__ In<N> read(long at) const {
    return {load<N>(gate + at), load<N>(up + at)};
  }

  template <int N>
  __device__ void write(long at, const In<N>& in) const {
    float product[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
      product[i] = in.gate[i] * Sigmoid(in.gate[i]).value * in.up[i];
    }
    store(out + at, product);
  }
};

template <typename T>
struct Backward {
  const T* gate;
  const T* up;
  const T* dOut;
  T* dGate;
  T* dUp;

  template <int N>
  struct In {
    Pack<T, N> gate, up, dOut;
  };

  template <int N>
  __device__ In<N> read(long at) const {
    return {load<N>(gate + at), load<N>(up + at), load<N>(dOut + at)};
  }

  template <int N>
  __device__ void write(long at, const In<N>& in) const {
    float toGate[N];
    float toUp[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
      float g = in.gate[i];
      Sigmoid s(g);
      toGate[i] = in.dOut[i] * in.up[i] * s.value * (1 + g * s.complement);
      toUp[i] = in.dOut[i] * g * s.value;
    }
    store(dGate + at, toGate);
    store(dUp + at, toUp);
  }
};

#define SWIGLU(NAME, T, N)                                                                                    \
  extern "C" __global__ void swiGlu_##NAME(const T* gate, const T* up, T* out, long n) {                      \
    forEach<N, PACKS>(n, Forward<T>{gate, up, out});                                                          \
  }                                                                                                           \
  extern "C" __global__ void swiGluBackward_##NAME(                                                           \
      const T* gate, const T* up, const T* dOut, T* dGate, T* dUp, long n) {                                  \
    forEach<N, PACKS>(n, Backward<T>{gate, up, dOut, dGate, dUp});                                            \
  }
FOR_EACH_TYPE(SWIGLU)
