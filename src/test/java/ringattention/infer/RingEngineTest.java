package ringattention.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.model.LongRope;
import ringattention.model.ModelConfig;
import ringattention.model.YarnRope;
import ringattention.shard.LayoutKind;

/** What the cache gives is what one forward of training over prompt and answer gives. */
class RingEngineTest {
  /** Of logits of about 1, in float64 that is handed out as float32. */
  private static final double DOUBLE = 2e-7;

  /** In fp32. */
  private static final double SINGLE = 1e-5;

  private static int[] text(int length) {
    int[] tokens = new int[length];
    Arrays.setAll(tokens, i -> (i * i * 7 + i * 3 + 5) % 23);
    return tokens;
  }

  private static void assertClose(double[] expected, float[] actual, double tolerance) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], tolerance);
    }
  }

  /** The prefix's last logits, then those behind every further token, one or several at a time. */
  private static List<float[]> read(RingEngine engine, int prefix, int... text) {
    List<float[]> logits = new ArrayList<>();
    try (Engine.Prefix read = engine.prefill(Arrays.copyOf(text, prefix));
        Engine.Sequence sequence = engine.begin(read, text.length - prefix)) {
      logits.add(read.logits());
      int next = prefix;
      while (next < text.length) {
        int end = Math.min(text.length, next + (next % 3 == 0 ? 1 : 5));
        int[] more = Arrays.copyOfRange(text, next, end);
        logits.add(
            more.length == 1
                ? engine.step(List.of(sequence), more)[0]
                : engine.extend(sequence, more));
        next = end;
      }
    }
    return logits;
  }

  private static void check(double[][] whole, int prefix, List<float[]> logits, double tolerance) {
    int next = prefix;
    assertClose(whole[next - 1], logits.get(0), tolerance);
    for (int i = 1; i < logits.size(); i++) {
      next = Math.min(whole.length, next + (next % 3 == 0 ? 1 : 5));
      assertClose(whole[next - 1], logits.get(i), tolerance);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1,ZIGZAG,20",
    "2,ZIGZAG,20",
    "3,ZIGZAG,11",
    "4,ZIGZAG,64",
    "2,CONTIGUOUS,7",
    "3,STRIPED,16"
  })
  void logitsAreThoseOfOneForward(int ranks, LayoutKind layout, int chunk) {
    int[] text = text(60);
    double[][] whole = Whole.logits(Engines.small(), Engines.SEED, text);
    Engines engines = new Engines(Engines.small(), layout, 150, 4, chunk, true);
    for (int prefix : new int[] {1, 2, 3, 8, 9, 21, 41, 58}) {
      for (List<float[]> logits :
          engines.run(ranks, ReferenceDevice::new, engine -> read(engine, prefix, text))) {
        check(whole, prefix, logits, DOUBLE);
      }
    }
  }

  /** Prompts and steps add biases and normalise queries and keys as training does. */
  @ParameterizedTest
  @CsvSource({"1, true, false", "1, false, true", "2, true, false", "3, true, true"})
  void biasesAndNorms(int ranks, boolean bias, boolean norm) {
    ModelConfig model = Engines.withDetails(bias, norm);
    int[] text = text(60);
    double[][] whole = Whole.logits(model, Engines.SEED, text);
    for (boolean resident : new boolean[] {false, true}) {
      Engines engines = new Engines(model, LayoutKind.ZIGZAG, 150, 4, 20, resident);
      for (int prefix : new int[] {1, 3, 41}) {
        for (List<float[]> logits :
            engines.run(ranks, ReferenceDevice::new, engine -> read(engine, prefix, text))) {
          check(whole, prefix, logits, DOUBLE);
        }
      }
    }
  }

  /** Prompts and steps multiply queries and keys as training does, also behind the old context. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aMagnitudeOfTheRotaryEmbedding(int ranks) {
    ModelConfig model = Engines.small(new YarnRope(4, 16, 1.7, 2, 0.1, true));
    int[] text = text(60);
    double[][] whole = Whole.logits(model, Engines.SEED, text);
    Engines engines = new Engines(model, LayoutKind.ZIGZAG, 150, 4, 20, true);
    for (int prefix : new int[] {1, 3, 41}) {
      for (List<float[]> logits :
          engines.run(ranks, ReferenceDevice::new, engine -> read(engine, prefix, text))) {
        check(whole, prefix, logits, DOUBLE);
      }
    }
  }

  /**
   * The original context is 32 tokens, the cache has 150: a text within is computed as one forward
   * over all of it would, at every step, and so is one behind it, by other frequencies.
   */
  @Test
  void longRopeGoesByTheTextAndNotByTheRoom() {
    LongRope scaling =
        new LongRope(List.of(1., 1.1, 1.2), List.of(2., 10., 40.), 4, 32, 1.2, false);
    for (int[] sizes : new int[][] {{9, 30}, {33, 60}}) {
      Settings settings =
          new Settings(sizes[1] - sizes[0] + 1, 1, new Sampling(0, 0, 1, 1, 1), List.of());
      Request request = new Request("a", new int[0], text(sizes[0]), settings);
      Requests kept = OneLength.keep(new Requests(List.of(request), List.of()), small(scaling));
      ModelConfig model = OneLength.model(small(scaling), kept.requests());
      Engines engines = new Engines(model, LayoutKind.ZIGZAG, 150, 4, 20, true);
      List<float[]> logits =
          engines
              .run(2, ReferenceDevice::new, engine -> read(engine, sizes[0], text(sizes[1])))
              .get(0);
      double[][] whole =
          Whole.logits(small(scaling).forLength(sizes[1]), Engines.SEED, text(sizes[1]));
      check(whole, sizes[0], logits, DOUBLE);
      double[][] other =
          Whole.logits(small(scaling).forLength(63 - sizes[1]), Engines.SEED, text(sizes[1]));
      double apart = 0;
      for (int i = 0; i < 23; i++) {
        apart = Math.max(apart, Math.abs(whole[sizes[1] - 1][i] - other[sizes[1] - 1][i]));
      }
      assertTrue(apart > 1e-3, "the factors make a difference: " + apart);
    }
  }

  private static ModelConfig small(LongRope scaling) {
    return Engines.small(scaling);
  }

  /** Tails longer than a block of each rank, sharded weights, in single precision. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void longTailsOnTheCpu(int ranks) {
    int[] text = text(330);
    double[][] whole = Whole.logits(Engines.small(), Engines.SEED, text);
    Engines engines = new Engines(Engines.small(), LayoutKind.ZIGZAG, 400, 6, 32, ranks == 2);
    List<List<float[]>> all =
        engines.run(ranks, () -> new CpuDevice(1), engine -> read(engine, 37, text));
    all.forEach(logits -> check(whole, 37, logits, SINGLE));
  }

  /** Every rank holds the same bits after every step. */
  @Test
  void ranksHoldTheSameBits() {
    int[] text = text(90);
    Engines engines = new Engines(Engines.small(), LayoutKind.ZIGZAG, 100, 3, 16, true);
    List<List<float[]>> all =
        engines.run(3, () -> new CpuDevice(1), engine -> read(engine, 40, text));
    for (List<float[]> other : all) {
      for (int i = 0; i < other.size(); i++) {
        assertArrayEquals(all.get(0).get(i), other.get(i));
      }
    }
  }

  /** Three prompts of unequal length, one shared, side by side: each as alone, to the bit. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void rowsSideBySideAreAsAlone(int ranks) {
    Engines engines = new Engines(Engines.small(), LayoutKind.ZIGZAG, 400, 4, 16, true);
    List<List<float[][]>> together =
        engines.run(
            ranks,
            ReferenceDevice::new,
            engine -> {
              List<float[][]> logits = new ArrayList<>();
              Engine.Prefix shared = engine.prefill(text(33));
              List<Engine.Sequence> sequences =
                  List.of(
                      engine.begin(shared, 70),
                      engine.begin(engine.prefill(text(1)), 70),
                      engine.begin(shared, 70),
                      engine.begin(engine.prefill(text(9)), 70));
              for (int i = 0; i < 66; i++) {
                logits.add(engine.step(sequences, new int[] {i % 23, 7, i % 5, 2 * i % 23}));
              }
              return logits;
            });
    int[] prefixes = {33, 1, 33, 9};
    for (int row = 0; row < 4; row++) {
      int which = row;
      List<List<float[]>> alone =
          engines.run(
              ranks,
              ReferenceDevice::new,
              engine -> {
                List<float[]> logits = new ArrayList<>();
                Engine.Sequence one = engine.begin(engine.prefill(text(prefixes[which])), 70);
                for (int i = 0; i < 66; i++) {
                  int token = new int[] {i % 23, 7, i % 5, 2 * i % 23}[which];
                  logits.add(engine.step(List.of(one), new int[] {token})[0]);
                }
                return logits;
              });
      for (int i = 0; i < 66; i++) {
        assertArrayEquals(alone.get(0).get(i), together.get(0).get(i)[row], "row " + row);
      }
    }
  }

  /** What was cut off is forgotten, and a room that was given back is used again. */
  @Test
  void cutsAndUsesRoomAgain() {
    int[] text = text(40);
    Engines engines = new Engines(Engines.small(), LayoutKind.ZIGZAG, 100, 2, 16, true);
    engines.run(
        2,
        ReferenceDevice::new,
        engine -> {
          Engine.Prefix prefix = engine.prefill(Arrays.copyOf(text, 30));
          Engine.Sequence sequence = engine.begin(prefix, 80);
          float[] first = engine.extend(sequence, Arrays.copyOfRange(text, 30, 40));
          engine.extend(sequence, 1, 2, 3);
          engine.cut(sequence, 30);
          assertArrayEquals(first, engine.extend(sequence, Arrays.copyOfRange(text, 30, 40)));
          assertThrows(IllegalArgumentException.class, () -> engine.cut(sequence, 29));
          assertThrows(IllegalArgumentException.class, () -> engine.cut(sequence, 41));
          assertEquals(false, engine.fits(30, 1, 80));
          assertThrows(IllegalStateException.class, () -> engine.begin(prefix, 100));
          sequence.close();
          prefix.close();
          assertEquals(true, engine.fits(30, 1, 80));
          return null;
        });
  }

  /** A token of the prompt changes the keys of the second layer at and behind it, and no other. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aTokenChangesWhatMaySeeIt(int ranks) {
    int changed = 21;
    Engines engines = new Engines(Engines.small(), LayoutKind.ZIGZAG, 60, 2, 16, true);
    int[] other = text(40);
    other[changed] = (other[changed] + 1) % 23;
    List<double[]> before =
        engines.run(ranks, ReferenceDevice::new, engine -> keys(engine, text(40)));
    List<double[]> after = engines.run(ranks, ReferenceDevice::new, engine -> keys(engine, other));
    for (int rank = 0; rank < ranks; rank++) {
      int[] positions = positions(engines.shape(ranks).prefix(40), rank);
      int width = 2 * 6; // of a slot
      for (int slot = 0; slot < positions.length; slot++) {
        boolean same =
            Arrays.equals(
                before.get(rank),
                slot * width,
                (slot + 1) * width,
                after.get(rank),
                slot * width,
                (slot + 1) * width);
        assertEquals(positions[slot] < changed, same, "position " + positions[slot]);
      }
    }
  }

  private static double[] keys(RingEngine engine, int... text) {
    engine.prefill(text);
    return engine.read(1);
  }

  /** Of the slots that a rank fills, in order. */
  private static int[] positions(PrefixLayout prefix, int rank) {
    List<Integer> positions = new ArrayList<>();
    prefix.chunks().forEach(chunk -> Arrays.stream(chunk.positions(rank)).forEach(positions::add));
    for (int i = 0; i < prefix.tokens() - prefix.inChunks(); i++) {
      if (prefix.owner(i) == rank) {
        positions.add(prefix.inChunks() + i);
      }
    }
    return positions.stream().mapToInt(Integer::intValue).toArray();
  }

  @Test
  void aSequenceKeepsItsRoom() {
    Engines engines = new Engines(Engines.small(), LayoutKind.ZIGZAG, 100, 2, 16, true);
    engines.run(
        1,
        ReferenceDevice::new,
        engine -> {
          Engine.Sequence sequence = engine.begin(engine.prefill(text(3)), 2);
          engine.extend(sequence, 1, 2);
          assertThrows(IllegalStateException.class, () -> engine.extend(sequence, 3));
          assertThrows(IllegalArgumentException.class, () -> engine.extend(sequence));
          assertThrows(
              IllegalArgumentException.class, () -> engine.step(List.of(sequence), new int[2]));
          return null;
        });
  }
}
