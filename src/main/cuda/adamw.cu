// One AdamW update (Loshchilov and Hutter 2019, decoupled decay), element-wise: g = gradientScale gradient,
//
//   m = beta1 m + (1 - beta1) g
//   v = beta2 v + (1 - beta2) g^2
//   w -= learningRate (m momentumCorrection / (sqrt(v varianceCorrection) + epsilon) + weightDecay w)
//
// with momentumCorrection = 1 / (1 - beta1^step), varianceCorrection likewise; the host computes both, and the complements of
// the betas, in double.
// Shapes: w, m, v, gradient [n], fp32. 4 reads and 3 writes of 4 bytes, 28 bytes an element; about 16 FLOPs.
// Grid: ceil(n / (2 * 256 * N)) blocks of 256 threads, 2 packs of N elements a thread (wide::forEach).
// N is 4, or 1 where an address is not a multiple of 16.
// Arithmetic in fp32.
// Reference: ReferenceKernels.adamW.

using namespace wide;

const int PACKS = 2;

struct Update {
  float* weight;
  float* momentum;
  float* variance;
  const float* gradient;
  float learningRate, beta1, beta1Complement, beta2, beta2Complement, epsilon, weightDecay;
  float momentumCorrection, varianceCorrection, gradientScale;

  template <int N>
  struct In {
    Pack<float, N> weight, momentum, variance, gradient;
  };

  template <int N>
  __device__ In<N> read(long at) const {
    return {load<N>(weight + at), load<N>(momentum + at), load<N>(variance + at), load<N>(gradient + at)};
  }

  template <int N>
  __device__ void write(long at, const In<N>& in) const {
    float w[N];
    float m[N];
    float v[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
      float g = gradientScale * in.gradient[i];
      m[i] = beta1 * in.momentum[i] + beta1Complement * g;
      v[i] = beta2 * in.variance[i] + beta2Complement * g * g;
      float step = m[i] * momentumCorrection / (sqrtf(v[i] * varianceCorrection) + epsilon);
      w[i] = in.weight[i] - learningRate * (step + weightDecay * in.weight[i]);
    }
    store(weight + at, w);
    store(momentum + at, m);
    store(variance + at, v);
  }
};

#define ADAMW(NAME, N)                                                                                        \
  extern "C" __global__ void adamW_##NAME(                                                                    \
      float* weight, float* momentum, float* variance, const float* gradient, long n, float learningRate,     \
      float beta1, float beta1Complement, float beta2, float beta2Complement, float epsilon,                  \
      float weightDecay, float momentumCorrection, float varianceCorrection, float gradientScale) {           \
    Update update{weight, momentum, variance, gradient, learningRate, beta1, beta1Complement, beta2,          \
                  beta2Complement, epsilon, weightDecay, momentumCorrection, varianceCorrection,              \
                  gradientScale};                                                                             \
    forEach<N, PACKS>(n, update);                                                                             \
  }
ADAMW(f32, 4)
ADAMW(f32_single, 1)
