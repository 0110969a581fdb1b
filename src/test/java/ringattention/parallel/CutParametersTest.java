package ringattention.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.Kernels;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;

/** Weights of which tensor ranks hold parts, beside weights that all of these hold. */
class CutParametersTest {
  private static final Parameter ROWS = new Parameter("a.rows", Parameter.Initial.NORMAL, 8, 3);
  private static final Parameter NORM = new Parameter("a.norm", Parameter.Initial.ONES, 7);
  private static final Parameter COLUMNS = new Parameter("a.out", Parameter.Initial.NORMAL, 3, 4);
  private static final Parameter BIAS = new Parameter("a.bias", Parameter.Initial.NORMAL, 4);
  private static final Parameter HEAD = new Parameter("b.head", Parameter.Initial.NORMAL, 3, 5);
  private static final List<ParameterGroup> WHOLE =
      List.of(
          new ParameterGroup("a", List.of(ROWS, NORM, COLUMNS, BIAS)),
          new ParameterGroup("b", List.of(HEAD)));

  private static List<ParameterGroup> part(int part, int parts) {
    return parts == 1
        ? WHOLE
        : List.of(
            new ParameterGroup(
                "a",
                List.of(
                    ROWS.part(0, part, parts),
                    NORM,
                    COLUMNS.part(1, part, parts),
                    BIAS.part(0, part, parts))),
            WHOLE.get(1));
  }

  private record Rank(Communicator world, Device device, ShardedParameters parameters) {}

  private static <T> List<T> onRanks(
      int ranks, int parts, Supplier<Device> made, Function<Rank, T> body) {
    return LocalCommunicator.run(
        ranks,
        world -> {
          List<ParameterGroup> groups = part(world.rank() % parts, parts);
          try (Device device = made.get();
              Arena arena = new Arena(device)) {
            ShardBuffers buffers =
                ShardBuffers.allocate(
                    arena, groups, ranks, device.compute(), device.sum(), device.sum(), true);
            PhaseTimer timer = new PhaseTimer(System::nanoTime);
            ShardedParameters parameters =
                new ShardedParameters(
                    device,
                    world,
                    new HostCollectives(world, timer.timeline()),
                    groups,
                    buffers,
                    timer);
            parameters.initialize(3, 0.5);
            T result = body.apply(new Rank(world, device, parameters));
            world.barrier();
            return result;
          }
        });
  }

  /** Values of whole weights by name and index, as a rank hands them out. */
  private static Map<String, Float> saved(Rank rank) {
    return saved(rank, State.WEIGHT);
  }

  private static Map<String, Float> saved(Rank rank, State state) {
    Map<String, Float> values = new TreeMap<>();
    rank.parameters()
        .save(
            state,
            (parameter, index, part) -> {
              for (int i = 0; i < part.remaining(); i++) {
                String name = parameter.name() + " " + (index + i);
                assertEquals(null, values.put(name, part.get(part.position() + i)), name);
              }
            });
    return values;
  }

  /** Puts what ranks hold together; where several hold a value, it is the same to the bit. */
  private static Map<String, Float> together(List<Map<String, Float>> ranks) {
    Map<String, Float> all = new TreeMap<>();
    for (Map<String, Float> rank : ranks) {
      rank.forEach(
          (name, value) -> {
            Float other = all.putIfAbsent(name, value);
            assertEquals(other == null ? value : other, value, name);
          });
    }
    return all;
  }

  @ParameterizedTest
  @CsvSource({"2, 2", "4, 4", "4, 2", "6, 2", "8, 4", "12, 1"})
  void startIsThatOfOneRank(int ranks, int parts) {
    List<Map<String, Float>> one = onRanks(1, 1, ReferenceDevice::new, CutParametersTest::saved);
    assertEquals(8 * 3 + 7 + 3 * 4 + 4 + 3 * 5, one.get(0).size());
    assertEquals(
        one.get(0),
        together(onRanks(ranks, parts, ReferenceDevice::new, CutParametersTest::saved)));
  }

  @ParameterizedTest
  @CsvSource({"2, 2", "4, 4", "6, 2", "8, 4"})
  void everyPartIsLoadedWhereItBelongs(int ranks, int parts) {
    ValueSource source =
        (parameter, index, into) -> {
          assertEquals(shape(parameter), parameter.shape()[0]); // whole
          while (into.hasRemaining()) {
            into.put(parameter.name().length() * 1000 + index + into.position());
          }
        };
    Function<Rank, Map<String, Float>> body =
        rank -> {
          rank.parameters().load(State.WEIGHT, source);
          return saved(rank);
        };
    List<Map<String, Float>> one = onRanks(1, 1, ReferenceDevice::new, body);
    assertEquals(one.get(0), together(onRanks(ranks, parts, ReferenceDevice::new, body)));
  }

  private static long shape(Parameter whole) {
    return Map.of("a.rows", 8L, "a.norm", 7L, "a.out", 3L, "a.bias", 4L, "b.head", 3L)
        .get(whole.name());
  }

  /** What a rank's pass gives a whole weight. */
  private static double[] random(long seed, Parameter whole) {
    Random random = new Random(seed ^ whole.name().hashCode());
    return random.doubles(whole.elements(), -1, 1).toArray();
  }

  /** Adds the rank's part of random gradients. */
  private static void accumulate(Rank rank, long seed) {
    for (int group = 0; group < 2; group++) {
      Weights gradients = rank.parameters().gradients(group);
      for (Parameter parameter : rank.parameters().groups().get(group).parameters()) {
        double[] whole = random(seed, parameter.whole());
        double[] own = new double[(int) parameter.elements()];
        parameter.runs(
            0,
            own.length,
            (from, length, index) ->
                System.arraycopy(whole, (int) index, own, (int) from, (int) length));
        rank.device().write(gradients.get(parameter.name()), own);
      }
      rank.parameters().reduce(group);
    }
  }

  /** Parts are summed over the ranks that have them, all else over all ranks; each counts once. */
  @ParameterizedTest
  @CsvSource({"2, 2", "4, 4", "4, 2", "6, 2", "8, 4"})
  void gradientsAndTheirNorm(int ranks, int parts) {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    double squares = 0;
    List<double[]> expected = new ArrayList<>();
    for (ParameterGroup group : WHOLE) {
      double[] sums = new double[(int) group.elements()];
      for (Parameter parameter : group.parameters()) {
        for (int rank = 0; rank < ranks; rank++) {
          for (int pass = 0; pass < 2; pass++) {
            double[] more = random(seed + 10 * rank + pass, parameter);
            for (int i = 0; i < more.length; i++) {
              boolean has =
                  switch (parameter.name()) {
                    case "a.rows" -> i / 3 / (8 / parts) == rank % parts;
                    case "a.out" -> i % 4 / (4 / parts) == rank % parts;
                    case "a.bias" -> i / (4 / parts) == rank % parts;
                    default -> true;
                  };
              sums[(int) group.offset(parameter) + i] += has ? more[i] : 0;
            }
          }
        }
      }
      expected.add(sums);
      squares += Arrays.stream(sums).map(value -> value * value).sum();
    }
    double norm = Math.sqrt(squares);
    onRanks(
        ranks,
        parts,
        ReferenceDevice::new,
        rank -> {
          for (int step = 0; step < 2; step++) { // the second starts from nothing
            for (int pass = 0; pass < 2; pass++) {
              accumulate(rank, seed + 10 * rank.world().rank() + pass);
            }
            assertEquals(norm, rank.parameters().gradientNorm(), 1e-12 * norm);
            assertEquals("", rank.parameters().firstNonFiniteGradient());
            for (int group = 0; group < 2; group++) {
              assertArrayEquals(
                  expected.get(group), rank.parameters().gatherGradient(group), 1e-12);
            }
            rank.parameters().dropGradients();
          }
          return null;
        });
  }

  /** A part of 9 squared, and 16 that all hold: 5 with any number of tensor ranks. */
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "4, 4"})
  void wholeWeightsCountOnceInTheNorm(int ranks, int parts) {
    onRanks(
        ranks,
        parts,
        ReferenceDevice::new,
        rank -> {
          Weights gradients = rank.parameters().gradients(0);
          boolean first = rank.world().rank() == 0;
          rank.device().kernels().fill(gradients.get("a.bias").slice(0, 1), first ? 3 : 0);
          rank.device().kernels().fill(gradients.get("a.norm").slice(6, 7), first ? 4 : 0);
          rank.parameters().reduce(0);
          rank.parameters().gradients(1);
          rank.parameters().reduce(1);
          assertEquals(5, rank.parameters().gradientNorm());
          return null;
        });
  }

  /** In single precision, where sums in another order would be others. */
  @ParameterizedTest
  @CsvSource({"4, 4", "6, 2", "8, 4"})
  void copiesStayTheSameToTheBit(int ranks, int parts) {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    List<Map<String, Float>> trained =
        onRanks(
            ranks,
            parts,
            () -> new CpuDevice(1),
            rank -> {
              for (int step = 1; step <= 10; step++) {
                accumulate(rank, seed + 1000L * rank.world().rank() + step);
                double scale = 1 / rank.parameters().gradientNorm();
                rank.parameters()
                    .update(
                        new Kernels.AdamW(0.01, 0.9, 0.95, 1e-8, 0.1, step, scale),
                        parameter -> true);
              }
              return saved(rank, State.MOMENTUM); // where no larger number hides the last bits
            });
    together(trained);
  }

  /** Every tensor rank names the first weight with a gradient that is not finite. */
  @ParameterizedTest
  @CsvSource({"a.rows, 1", "a.norm, 0", "a.out, 3", "b.head, 2"})
  void weightsThatAreNotFinite(String name, int bad) {
    onRanks(
        4,
        2,
        ReferenceDevice::new,
        rank -> {
          for (int group = 0; group < 2; group++) {
            Weights gradients = rank.parameters().gradients(group);
            if (rank.world().rank() == bad && name.startsWith(group == 0 ? "a" : "b")) {
              rank.device().kernels().fill(gradients.get(name), Double.NaN);
            }
            rank.parameters().reduce(group);
          }
          assertEquals(name, rank.parameters().firstNonFiniteGradient());
          return null;
        });
  }

  /** What comes after the sum over tensor ranks would be added on one of them only. */
  @Test
  void thereAreNoMoreGradientsAfterTheSum() {
    onRanks(
        2,
        2,
        ReferenceDevice::new,
        rank -> {
          accumulate(rank, 1);
          rank.parameters().gradientNorm();
          rank.parameters().gradients(1);
          assertThrows(IllegalStateException.class, () -> rank.parameters().reduce(1));
          return null;
        });
  }

  @Test
  void partsAreEqualAndOfWholeWeights() {
    assertThrows(IllegalArgumentException.class, () -> ROWS.part(1, 0, 2));
    assertThrows(IllegalArgumentException.class, () -> ROWS.part(0, 0, 2).part(0, 0, 2));
    assertThrows(IllegalArgumentException.class, () -> ROWS.part(0, 2, 2));
    assertArrayEquals(new long[] {3, 4}, COLUMNS.part(1, 1, 2).whole().shape());
  }
}
