package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.LANES;
import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.load;

import jdk.incubator.vector.FloatVector;
import ringattention.device.Tensor;

/** Rotary position embedding (Su et al. 2021), one head of one position at a time. */
final class Rotary {
  private final Workers workers;

  Rotary(Workers workers) {
    this.workers = workers;
  }

  void rotate(Tensor x, int[] positions, double[] frequencies, double magnitude, boolean inverse) {
    int headSize = Require.columns(x);
    int pairs = headSize / 2;
    int width = Math.toIntExact(x.dim(1) * x.dim(2) * headSize); // of one position
    workers.run(
        x.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] row = worker.row(0, width);
          float[] cosines = worker.row(1, pairs);
          float[] sines = worker.row(2, pairs);
          Rotations rotations = worker.rotations();
          rotations.prepare(frequencies, magnitude);
          Floats window = worker.window(0, x);
          long end = Workers.start(positions.length, part + 1, parts, 1);
          for (long at = Workers.start(positions.length, part, parts, 1); at < end; at++) {
            rotations.angles(positions[(int) at], cosines, sines);
            window.get(at * width, row, 0, width);
            for (int head = 0; head < width; head += headSize) {
              turn(row, head, pairs, cosines, sines, inverse);
            }
            window.put(at * width, row, 0, width);
          }
        });
  }

  private static void turn(
      float[] row, int from, int pairs, float[] cosines, float[] sines, boolean inverse) {
    int i = 0;
    for (; i + WIDTH <= pairs; i += WIDTH) {
      FloatVector first = FloatVector.fromArray(LANES, row, from + i);
      FloatVector second = FloatVector.fromArray(LANES, row, from + pairs + i);
      FloatVector cosine = load(cosines, i);
      FloatVector sine = inverse ? load(sines, i).neg() : load(sines, i);
      first.mul(cosine).sub(second.mul(sine)).intoArray(row, from + i);
      second.mul(cosine).add(first.mul(sine)).intoArray(row, from + pairs + i);
    }
    for (; i < pairs; i++) {
      float first = row[from + i];
      float second = row[from + pairs + i];
      float sine = inverse ? -sines[i] : sines[i];
      row[from + i] = first * cosines[i] - second * sine;
      row[from + pairs + i] = second * cosines[i] + first * sine;
    }
  }
}
