package ringattention.device.cuda;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.ShortPointer;
import ringattention.device.DType;
import ringattention.device.Memory;
import ringattention.device.cuda.Cublas.Operand;

/**
 * Score passes in the host's memory, by their formulas, with sums in double precision. Operands
 * that leave their allocation are refused; scratch is poisoned.
 */
final class HostScorePasses implements ScorePasses {
  private final LongFunction<Memory> allocate;
  private final TreeMap<Long, Memory> memories = new TreeMap<>();
  private Memory scratch; // null before the first use
  private long largestScratch;

  HostScorePasses(LongFunction<Memory> allocate) {
    this.allocate = allocate;
  }

  Memory allocate(long bytes) {
    Memory memory = allocate.apply(bytes);
    memories.put(memory.address(), memory);
    return memory;
  }

  /** Bytes of the largest workspace asked for. */
  long largestScratch() {
    return largestScratch;
  }

  static double get(long address, DType dtype) {
    Cuda.Address at = Cuda.address(address);
    return dtype == DType.F32
        ? new FloatPointer(at).get()
        : Float.intBitsToFloat(new ShortPointer(at).get() << 16);
  }

  static void put(long address, DType dtype, double value) {
    Cuda.Address at = Cuda.address(address);
    if (dtype == DType.F32) {
      new FloatPointer(at).put((float) value);
    } else {
      int bits = Float.floatToIntBits((float) value);
      new ShortPointer(at).put((short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16));
    }
  }

  private static long at(Operand x, long matrix, long row, long column) {
    long element =
        matrix * x.batchStride()
            + (x.transposed() ? column : row) * x.rowStride()
            + (x.transposed() ? row : column);
    return x.address() + element * x.dtype().bytes();
  }

  private static double get(Operand x, long matrix, long row, long column) {
    return get(at(x, matrix, row, column), x.dtype());
  }

  private static void put(Operand x, long matrix, long row, long column, double value) {
    put(at(x, matrix, row, column), x.dtype(), value);
  }

  private void require(Operand x, long count, long rows, long columns) {
    Map.Entry<Long, Memory> entry = memories.floorEntry(x.address());
    long end = at(x, count - 1, rows - 1, columns - 1) + x.dtype().bytes();
    if (entry == null || end > entry.getKey() + entry.getValue().bytes()) {
      throw new AssertionError(
          count + " x [" + rows + ", " + columns + "] of " + x + " leave their allocation");
    }
  }

  @Override
  public void product(
      Operand a, Operand b, Operand c, long m, long n, long k, float alpha, float beta, int batch) {
    require(a, batch, m, k);
    require(b, batch, k, n);
    require(c, batch, m, n);
    for (int matrix = 0; matrix < batch; matrix++) {
      for (long i = 0; i < m; i++) {
        for (long j = 0; j < n; j++) {
          double sum = 0;
          for (long l = 0; l < k; l++) {
            sum += get(a, matrix, i, l) * get(b, matrix, l, j);
          }
          double former = beta == 0 ? 0 : beta * get(c, matrix, i, j);
          put(c, matrix, i, j, alpha * sum + former);
        }
      }
    }
  }

  private static long visible(Rows rows, int i) {
    return Math.min(rows.keys(), rows.first() + (long) rows.step() * i);
  }

  @Override
  public void softmax(Rows rows, Operand scores, Operand probabilities, Operand logSumExp) {
    if (rows.keys() > 0) {
      require(scores, rows.heads(), rows.queries(), rows.keys());
      require(probabilities, rows.heads(), rows.queries(), rows.keys());
    }
    require(logSumExp, rows.heads(), rows.queries(), 1);
    for (int h = 0; h < rows.heads(); h++) {
      for (int i = 0; i < rows.queries(); i++) {
        long visible = visible(rows, i);
        double sum = 0;
        for (long j = 0; j < visible; j++) {
          sum += Math.exp(get(scores, h, i, j));
        }
        put(logSumExp, h, i, 0, Math.log(sum));
        for (long j = 0; j < rows.keys(); j++) {
          double p = j < visible ? Math.exp(get(scores, h, i, j)) / sum : 0;
          put(probabilities, h, i, j, p);
        }
      }
    }
  }

  @Override
  public void gradient(
      Rows rows,
      Operand scores,
      Operand dProbabilities,
      Operand probabilities,
      Operand dScores,
      Operand logSumExp,
      Operand out,
      Operand dOut,
      int headSize) {
    for (Operand operand : new Operand[] {scores, dProbabilities, probabilities, dScores}) {
      require(operand, rows.heads(), rows.queries(), rows.keys());
    }
    for (int h = 0; h < rows.heads(); h++) {
      for (int i = 0; i < rows.queries(); i++) {
        double mean = 0;
        for (int d = 0; d < headSize; d++) {
          mean += get(dOut, h, i, d) * get(out, h, i, d);
        }
        for (long j = 0; j < rows.keys(); j++) {
          boolean seen = j < visible(rows, i);
          double p = seen ? Math.exp(get(scores, h, i, j) - get(logSumExp, h, i, 0)) : 0;
          double dScore = seen ? p * (get(dProbabilities, h, i, j) - mean) : 0;
          put(probabilities, h, i, j, p);
          put(dScores, h, i, j, dScore);
        }
      }
    }
  }

  @Override
  public void vanillaGradient(
      Rows rows, Operand probabilities, Operand dProbabilities, Operand dScores) {
    for (Operand operand : new Operand[] {probabilities, dProbabilities, dScores}) {
      require(operand, rows.heads(), rows.queries(), rows.keys());
    }
    for (int h = 0; h < rows.heads(); h++) {
      for (int i = 0; i < rows.queries(); i++) {
        double mean = 0;
        for (long j = 0; j < rows.keys(); j++) {
          mean += get(probabilities, h, i, j) * get(dProbabilities, h, i, j);
        }
        for (long j = 0; j < rows.keys(); j++) {
          double p = get(probabilities, h, i, j);
          put(dScores, h, i, j, p * (get(dProbabilities, h, i, j) - mean));
        }
      }
    }
  }

  @Override
  public void clear(Operand matrix, long rows, long columns) {
    require(matrix, 1, rows, columns);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < columns; j++) {
        put(matrix, 0, i, j, 0);
      }
    }
  }

  /** Poisoned: nothing of a former tile may be used. */
  @Override
  public long workspace(long bytes) {
    largestScratch = Math.max(largestScratch, bytes);
    if (scratch != null) {
      memories.remove(scratch.address());
      scratch.close();
    }
    scratch = allocate(bytes);
    for (long at = 0; at < bytes; at += Short.BYTES) {
      put(scratch.address() + at, DType.BF16, Double.NaN);
    }
    return scratch.address();
  }

  @Override
  public void close() {
    memories.values().forEach(Memory::close);
  }
}
