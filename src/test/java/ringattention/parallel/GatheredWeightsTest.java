package ringattention.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.attention.LateDevice;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.NormalNumbers;
import ringattention.device.Tensor;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Span;
import ringattention.metrics.Timeline;
import ringattention.metrics.Track;
import ringattention.parallel.Rig.Rank;
import ringattention.random.Seed;

/** Weights on their way from the shards to where they are used. */
class GatheredWeightsTest {
  static Stream<Rig> rigs() {
    return Stream.of(
        new Rig(),
        new Rig().on(() -> new LateDevice(Integer.MAX_VALUE, 1, false)),
        new Rig().with(LateCollectives::new),
        new Rig(Rig.GROUPS, ConvertingDevice::make, LateCollectives::new, DType.F32, true));
  }

  private static double[] gathered(Rank rank, int group, Parameter parameter) {
    return rank.device().read(rank.parameters().weights(group).get(parameter.name()));
  }

  private static double[] initial(Parameter parameter) {
    return initial(1, parameter);
  }

  private static double[] initial(long seed, Parameter parameter) {
    long stream = Seed.of(seed, parameter.name()).stream();
    return IntStream.range(0, (int) parameter.elements())
        .mapToDouble(i -> (float) (0.5 * NormalNumbers.at(stream, i)))
        .toArray();
  }

  @ParameterizedTest
  @MethodSource("rigs")
  void everyRankGetsTheInitialWeights(Rig rig) {
    rig.run(
        3,
        rank -> {
          assertArrayEquals(initial(Rig.MATRIX), gathered(rank, 0, Rig.MATRIX));
          assertArrayEquals(new double[] {1, 1, 1, 1, 1, 1, 1}, gathered(rank, 0, Rig.NORM));
          assertArrayEquals(initial(Rig.OTHER), gathered(rank, 1, Rig.OTHER));
          assertArrayEquals(new double[] {1}, gathered(rank, 2, Rig.LAST));
          return null;
        });
  }

  /** Its buffer is not filled again before it has arrived. */
  @ParameterizedTest
  @MethodSource("rigs")
  void aGroupMayBeFetchedAndNeverUsed(Rig rig) {
    rig.run(
        2,
        rank -> {
          rank.parameters().prefetch(0);
          rank.parameters().prefetch(1);
          rank.parameters().prefetch(2);
          assertArrayEquals(initial(Rig.OTHER), gathered(rank, 1, Rig.OTHER));
          assertArrayEquals(initial(Rig.MATRIX), gathered(rank, 0, Rig.MATRIX));
          return null;
        });
  }

  /** What was gathered of the weights before is not taken for the new ones. */
  @ParameterizedTest
  @MethodSource("rigs")
  void newWeightsAreGatheredAnew(Rig rig) {
    rig.run(
        2,
        rank -> {
          gathered(rank, 2, Rig.LAST);
          gathered(rank, 1, Rig.OTHER);
          rank.parameters()
              .load(
                  State.WEIGHT,
                  (parameter, index, into) -> {
                    while (into.hasRemaining()) {
                      into.put(7);
                    }
                  });
          assertArrayEquals(new double[] {7, 7, 7, 7}, gathered(rank, 1, Rig.OTHER));
          assertArrayEquals(new double[] {7}, gathered(rank, 2, Rig.LAST));
          rank.parameters().clear();
          assertArrayEquals(new double[4], gathered(rank, 1, Rig.OTHER));
          rank.parameters().initialize(1, 0.5);
          assertArrayEquals(initial(Rig.OTHER), gathered(rank, 1, Rig.OTHER));
          return null;
        });
  }

  /** Weights alone, as an evaluation has them, in memory that held other numbers. */
  @Test
  void weightsAloneAreSetAnew() {
    new Rig()
        .run(
            3,
            rank -> {
              Tensor shard = rank.buffers().shards().get(1).weight(); // 2 of 4 elements and padding
              rank.device().write(shard, 9.0, 9);
              gathered(rank, 1, Rig.OTHER);
              rank.parameters().weights().initialize(2, 0.5);
              assertArrayEquals(initial(2, Rig.OTHER), gathered(rank, 1, Rig.OTHER));
              if (rank.world().rank() == 2) {
                assertArrayEquals(new double[2], rank.device().read(shard));
              }
              return null;
            });
  }

  @Test
  void groupsAreThoseOfTheModel() {
    new Rig()
        .run(
            1,
            rank -> {
              assertEquals(Rig.GROUPS, rank.parameters().groups());
              return null;
            });
  }

  /** One rank's collectives are copies. */
  @Test
  void aRankAloneCopies() {
    try (Device device = new ReferenceDevice()) {
      Collectives alone = new AloneCollectives(device);
      Tensor from = tensor(device, DType.F64, 3);
      Tensor to = tensor(device, DType.F64, 3);
      device.write(from, 1.0, 2, 3);
      alone.allGather(from, to, Completion.DONE).await();
      assertArrayEquals(new double[] {1, 2, 3}, device.read(to));
      device.write(from, 4.0, 5, 6);
      alone.reduceScatter(from, to, Completion.DONE).await();
      assertArrayEquals(new double[] {4, 5, 6}, device.read(to));
    }
  }

  private static Tensor tensor(Device device, DType dtype, long elements) {
    return new Tensor(device.allocate(elements * dtype.bytes()), 0, dtype, elements);
  }

  /** They begin once what they send is there, and a trace shows how long they took. */
  @Test
  void collectivesOfTheHostWaitForTheirInput() {
    new Rig()
        .run(
            2,
            rank -> {
              Device device = rank.device();
              Timeline timeline = new PhaseTimer(System::nanoTime).timeline();
              Collectives host = new HostCollectives(rank.world(), timeline);
              for (DType dtype : List.of(DType.F32, DType.F64)) {
                Tensor part = tensor(device, dtype, 1);
                Tensor whole = tensor(device, dtype, 2);
                double own = 1 + rank.world().rank();
                timeline.start();
                Completion gather = host.allGather(part, whole, () -> device.write(part, own));
                gather.await();
                gather.await(); // again does no harm
                List<Span> spans = timeline.stop();
                assertArrayEquals(new double[] {1, 2}, device.read(whole));
                assertEquals(List.of(Track.PARAMETERS), spans.stream().map(Span::track).toList());
                assertEquals("gather", spans.get(0).name());
                host.reduceScatter(whole, part, () -> device.write(whole, own, 10 * own)).await();
                assertArrayEquals(
                    new double[] {rank.world().rank() == 0 ? 3 : 30}, device.read(part));
              }
              return null;
            });
  }

  @Test
  void theHostDoesNotSumWhatItCannotRead() {
    new Rig()
        .run(
            1,
            rank -> {
              Collectives host =
                  new HostCollectives(rank.world(), new PhaseTimer(System::nanoTime).timeline());
              Tensor whole = tensor(rank.device(), DType.BF16, 2);
              assertThrows(
                  IllegalArgumentException.class,
                  () -> host.reduceScatter(whole, whole, Completion.DONE));
              return null;
            });
  }
}
