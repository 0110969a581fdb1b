package ringattention.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.data.Sample;
import ringattention.data.StepValues;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.model.ModelConfig;
import ringattention.model.TrajectoryModel;
import ringattention.random.Seed;
import ringattention.shard.LayoutKind;

/** What sequences give that grow in the cache is what one forward of training gives. */
class RingTrajectoriesTest {
  private static final double DOUBLE = 1e-12;
  private static final double SINGLE = 1e-5;
  private static final int LENGTH = 150; // three blocks of the cache, dealt to the ranks
  private static final int SEQUENCES = 3;
  private static final ModelConfig MODEL =
      Engines.withDetails(true, true).with(new TrajectoryModel(3, 2, 20));
  private static final int WIDTH = MODEL.features();

  /** All numbers of a position, of whatever kind, so that every column of the embedding counts. */
  private static float[] features(int sequence, int from, int to) {
    Seed seed = Seed.of(11, "sequence " + sequence);
    float[] features = new float[(to - from) * WIDTH];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) seed.bell((long) from * WIDTH + i) / 2;
    }
    return features;
  }

  private static int[] steps(int from, int to) {
    int[] steps = new int[to - from];
    Arrays.setAll(steps, i -> (from + i) / 4 % 20);
    return steps;
  }

  private static double[][] whole(int sequence, int length) {
    int[] positions = new int[length];
    Arrays.setAll(positions, i -> i);
    StepValues values =
        new StepValues(WIDTH, features(sequence, 0, length), 2, new float[2 * length]);
    return Whole.outputs(
        MODEL,
        Engines.SEED,
        new Sample(
            steps(0, length), new int[length], positions, new int[] {0}, Optional.of(values)));
  }

  /** Appends positions to some sequences, from the first given on. */
  private static double[][] append(RingTrajectories engine, int first, int from, int to) {
    float[][] each = new float[engine.sequences()][];
    Arrays.setAll(each, i -> features(first + i, from, to));
    float[] all = new float[each.length * each[0].length];
    for (int i = 0; i < each.length; i++) {
      System.arraycopy(each[i], 0, all, i * each[0].length, each[0].length);
    }
    return engine.append(steps(from, to), all);
  }

  /** Grows as roll-outs do: 2 positions, then 4 at a time; and once many. */
  private static List<double[][]> grow(RingTrajectories engine, int first, List<Integer> ends) {
    List<double[][]> outputs = new ArrayList<>();
    int from = 0;
    for (int to = 2; to <= LENGTH; to += from == 42 ? 80 : 4) {
      outputs.add(append(engine, first, from, to));
      ends.add(to);
      from = to;
    }
    return outputs;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 12, true",
    "2, 12, true",
    "3, 12, true",
    "2, 5, true",
    "3, 7, false",
    "1, 64, false"
  })
  void outputsAreThoseOfOneForward(int ranks, int rows, boolean resident) {
    double[][][] whole = new double[SEQUENCES][][];
    Arrays.setAll(whole, i -> whole(i, LENGTH));
    Engines engines = engines(rows, resident);
    for (List<double[][]> outputs :
        engines.runTrajectories(
            ranks,
            ReferenceDevice::new,
            SEQUENCES,
            LENGTH,
            engine -> {
              List<Integer> ends = new ArrayList<>();
              List<double[][]> grown = grow(engine, 0, ends);
              engine.clear(); // and once more where something else was
              append(engine, 7, 0, 90);
              engine.clear();
              assertSame(grown, grow(engine, 0, new ArrayList<>()));
              for (int i = 0; i < grown.size(); i++) {
                for (int sequence = 0; sequence < SEQUENCES; sequence++) {
                  assertArrayEquals(
                      whole[sequence][ends.get(i) - 1], grown.get(i)[sequence], DOUBLE);
                }
              }
              return grown;
            })) {
      assertTrue(outputs.size() > 10);
    }
  }

  private static Engines engines(int rows, boolean resident) {
    int slots = SEQUENCES * new TailLayout(1).slots(LENGTH);
    return new Engines(MODEL, LayoutKind.ZIGZAG, slots, rows, 0, resident);
  }

  private static void assertSame(List<double[][]> expected, List<double[][]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertTrue(Arrays.deepEquals(expected.get(i), actual.get(i)));
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2"})
  void alsoOnTheCpu(int ranks) {
    double[] whole = whole(1, LENGTH)[121];
    for (double[] output :
        engines(12, true)
            .runTrajectories(
                ranks,
                () -> new CpuDevice(1),
                SEQUENCES,
                LENGTH,
                engine -> {
                  append(engine, 0, 0, 118);
                  return append(engine, 0, 118, 122)[1];
                })) {
      assertArrayEquals(whole, output, SINGLE);
    }
  }

  /** Every rank has the same bits, and so has a sequence whoever is beside it. */
  @Test
  void sequencesSideBySideAreAsEachAlone() {
    List<List<double[][]>> together =
        engines(12, true)
            .runTrajectories(
                2,
                ReferenceDevice::new,
                SEQUENCES,
                LENGTH,
                engine -> grow(engine, 0, new ArrayList<>()));
    assertSame(together.get(0), together.get(1));
    for (int sequence = 0; sequence < SEQUENCES; sequence++) {
      int one = sequence;
      List<double[][]> alone =
          engines(12, true)
              .runTrajectories(
                  2,
                  ReferenceDevice::new,
                  1,
                  LENGTH,
                  engine -> grow(engine, one, new ArrayList<>()))
              .get(0);
      assertSame(
          alone, together.get(0).stream().map(outputs -> new double[][] {outputs[one]}).toList());
    }
  }

  @Test
  void longestIsWhatTheCacheHolds() {
    EngineShape shape = engines(4, true).shape(3);
    for (int slots : new int[] {1, 63, 64, 65, 130, 500, 1000}) {
      for (int sequences : new int[] {1, 3, 7}) {
        EngineShape sized = shape.withSlots(slots);
        int longest = sized.longestOf(sequences);
        assertTrue(sequences * sized.tail().slots(longest) <= slots);
        assertTrue(sequences * sized.tail().slots(longest + 1) > slots);
      }
    }
  }

  @Test
  void aSequenceDoesNotGrowBeyondWhatWasAskedFor() {
    engines(12, true)
        .runTrajectories(
            1,
            ReferenceDevice::new,
            SEQUENCES,
            20,
            engine -> {
              append(engine, 0, 0, 20);
              return assertThrows(IllegalStateException.class, () -> append(engine, 0, 20, 21));
            });
  }
}
