package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.all;
import static ringattention.device.cpu.VectorMath.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import ringattention.device.Kernels.AdamW;
import ringattention.device.NormalNumbers;
import ringattention.device.Tensor;

/**
 * Kernels that treat each element alone. Tiles are copied into the heap, computed and copied back,
 * all inputs before any output: so an output may be one of the inputs.
 */
final class Elementwise {
  /** Elements of a tile: up to seven tiles stay in the first- and second-level cache. */
  private static final int TILE = 2048;

  private static final int SPLIT_NORMAL = TILE; // a logarithm and a cosine each

  private final Workers workers;

  Elementwise(Workers workers) {
    this.workers = workers;
  }

  /** Computes whole vectors up to n; {@code tiles} holds the inputs, then the outputs. */
  private interface TileOperation {
    void run(float[][] tiles, int n);
  }

  void fill(Tensor to, float value) {
    map((t, n) -> Arrays.fill(t[0], 0, n, value), new Tensor[0], to);
  }

  void copy(Tensor from, Tensor to) {
    map((t, n) -> System.arraycopy(t[0], 0, t[1], 0, n), inputs(from), to);
  }

  void add(Tensor to, Tensor from) {
    map(Elementwise::addTiles, inputs(to, from), to);
  }

  void normal(Tensor to, long stream, long first, double standardDeviation) {
    workers.run(
        to.elements() > SPLIT_NORMAL,
        (worker, part, parts) -> {
          Floats window = worker.window(0, to);
          float[] tile = worker.row(0, TILE);
          long end = Workers.start(to.elements(), part + 1, parts, TILE);
          for (long at = Workers.start(to.elements(), part, parts, TILE); at < end; at += TILE) {
            int n = (int) Math.min(TILE, end - at);
            for (int i = 0; i < n; i++) {
              tile[i] = (float) (standardDeviation * NormalNumbers.at(stream, first + at + i));
            }
            window.put(at, tile, 0, n);
          }
        });
  }

  void swiGlu(Tensor gate, Tensor up, Tensor out) {
    map(Elementwise::swiGluTiles, inputs(gate, up), out);
  }

  void swiGluBackward(Tensor gate, Tensor up, Tensor dOut, Tensor dGate, Tensor dUp) {
    map(Elementwise::swiGluBackwardTiles, inputs(gate, up, dOut), dGate, dUp);
  }

  void adamW(Tensor weight, Tensor momentum, Tensor variance, Tensor gradient, AdamW settings) {
    map(
        (t, n) -> adamWTiles(t, n, settings),
        inputs(weight, momentum, variance, gradient),
        weight,
        momentum,
        variance);
  }

  private static Tensor[] inputs(Tensor... tensors) {
    return tensors;
  }

  private void map(TileOperation operation, Tensor[] inputs, Tensor... outputs) {
    long elements = outputs[0].elements();
    workers.run(
        elements > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          long end = Workers.start(elements, part + 1, parts, TILE);
          Floats[] windows = new Floats[inputs.length + outputs.length];
          float[][] tiles = new float[windows.length][];
          for (int i = 0; i < windows.length; i++) {
            windows[i] =
                worker.window(i, i < inputs.length ? inputs[i] : outputs[i - inputs.length]);
            tiles[i] = worker.row(i, TILE);
          }
          for (long at = Workers.start(elements, part, parts, TILE); at < end; at += TILE) {
            int n = (int) Math.min(TILE, end - at);
            for (int i = 0; i < inputs.length; i++) {
              windows[i].get(at, tiles[i], 0, n);
            }
            operation.run(tiles, n);
            for (int i = inputs.length; i < windows.length; i++) {
              windows[i].put(at, tiles[i], 0, n);
            }
          }
        });
  }

  private static void addTiles(float[][] t, int n) {
    for (int i = 0; i < n; i += WIDTH) {
      load(t[0], i).add(load(t[1], i)).intoArray(t[2], i);
    }
  }

  private static void swiGluTiles(float[][] t, int n) {
    for (int i = 0; i < n; i += WIDTH) {
      FloatVector gate = load(t[0], i);
      gate.mul(VectorMath.sigmoid(gate)).mul(load(t[1], i)).intoArray(t[2], i);
    }
  }

  private static void swiGluBackwardTiles(float[][] t, int n) {
    for (int i = 0; i < n; i += WIDTH) {
      FloatVector gate = load(t[0], i);
      FloatVector dOut = load(t[2], i);
      FloatVector sigmoid = VectorMath.sigmoid(gate);
      FloatVector silu = gate.mul(sigmoid);
      // d silu / d gate = sigmoid (1 + gate (1 - sigmoid)) = sigmoid + silu (1 - sigmoid)
      FloatVector slope = silu.fma(all(1f).sub(sigmoid), sigmoid);
      dOut.mul(load(t[1], i)).mul(slope).intoArray(t[3], i);
      dOut.mul(silu).intoArray(t[4], i);
    }
  }

  private static void adamWTiles(float[][] t, int n, AdamW settings) {
    float beta1 = (float) settings.beta1();
    float beta2 = (float) settings.beta2();
    float gradientScale = (float) settings.gradientScale();
    float fresh1 = (float) (1 - settings.beta1());
    float fresh2 = (float) (1 - settings.beta2());
    float correction1 = (float) (1 / (1 - StrictMath.pow(settings.beta1(), settings.step())));
    float correction2 = (float) (1 / (1 - StrictMath.pow(settings.beta2(), settings.step())));
    float epsilon = (float) settings.epsilon();
    float rate = (float) settings.learningRate();
    float decay = (float) settings.weightDecay();
    for (int i = 0; i < n; i += WIDTH) {
      FloatVector weight = load(t[0], i);
      FloatVector gradient = load(t[3], i).mul(gradientScale);
      FloatVector momentum = load(t[1], i).mul(beta1).add(gradient.mul(fresh1));
      FloatVector variance = load(t[2], i).mul(beta2).add(gradient.mul(gradient).mul(fresh2));
      FloatVector step =
          momentum.mul(correction1).div(variance.mul(correction2).sqrt().add(epsilon));
      weight.sub(step.add(weight.mul(decay)).mul(rate)).intoArray(t[4], i);
      momentum.intoArray(t[5], i);
      variance.intoArray(t[6], i);
    }
  }
}
