package ringattention.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.checkpoint.TrainedParameters.SMALL;
import static ringattention.checkpoint.TrainedParameters.onRanks;
import static ringattention.checkpoint.TrainedParameters.save;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.AloneCollectives;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardBuffers;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;

/** Numbers on their way from a file to any device: none is lost, and none is another's. */
class StoredStatesTest {
  @TempDir private Path run;

  private static ByteBuffer numbers(DType type, ByteOrder order, double... values) {
    ByteBuffer buffer = ByteBuffer.allocate(values.length * type.bytes()).order(order);
    for (double value : values) {
      if (type == DType.F32) {
        buffer.putFloat((float) value);
      } else {
        buffer.putDouble(value);
      }
    }
    return buffer.flip();
  }

  private static double[] read(ByteBuffer buffer, DType type) {
    buffer.flip();
    double[] values = new double[buffer.remaining() / type.bytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] = type == DType.F32 ? buffer.getFloat() : buffer.getDouble();
    }
    return values;
  }

  /** Also where one buffer is shorter, and in another byte order. */
  @Test
  void numbersAreCopiedUntilOneIsFull() {
    for (DType from : List.of(DType.F32, DType.F64)) {
      for (DType to : List.of(DType.F32, DType.F64)) {
        ByteBuffer source = numbers(from, ByteOrder.BIG_ENDIAN, 1.5, -2, 0.25);
        ByteBuffer two = ByteBuffer.allocate(2 * to.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        StateNumbers.copy(source, from, two, to);
        assertArrayEquals(new double[] {1.5, -2}, read(two, to), from + " to " + to);
        ByteBuffer more = ByteBuffer.allocate(9 * to.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        StateNumbers.copy(source, from, more, to);
        assertArrayEquals(new double[] {0.25}, read(more, to), "the rest");
        assertEquals(0, source.remaining());
      }
    }
  }

  @Test
  void doublesAreRounded() {
    ByteBuffer to = ByteBuffer.allocate(4);
    StateNumbers.copy(numbers(DType.F64, ByteOrder.BIG_ENDIAN, 0.1), DType.F64, to, DType.F32);
    assertArrayEquals(new double[] {0.1f}, read(to, DType.F32));
    assertThrows(
        IllegalArgumentException.class,
        () -> StateNumbers.copy(ByteBuffer.allocate(4), DType.BF16, to, DType.F32));
  }

  /** The reference saves doubles; others read them, and it reads theirs. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void devicesReadEachOthers(boolean reference) {
    Supplier<Device> writes = reference ? ReferenceDevice::new : () -> new CpuDevice(1);
    Supplier<Device> reads = reference ? () -> new CpuDevice(1) : ReferenceDevice::new;
    onRanks(
        SMALL,
        2,
        writes,
        rank -> {
          try (CheckpointWriter writer = rank.writer(run, 1, written -> {})) {
            rank.set(5);
            writer.save(TrainedParameters.position(5));
            writer.await();
          }
          return null;
        });
    onRanks(SMALL, 3, reads, rank -> rank.find(run, false))
        .forEach(found -> assertEquals("step 5", found));
  }

  /** An evaluation reads weights and nothing else. */
  @Test
  void weightsAreLoadedAlone() {
    save(SMALL, run, 3, 1, 5);
    onRanks(
        SMALL,
        2,
        () -> new CpuDevice(1),
        rank -> {
          rank.parameters().clear();
          var found = new CheckpointSearch(rank.world(), false).find(run);
          try (Checkpoint checkpoint = found.checkpoint()) {
            checkpoint.loadWeights(
                rank.parameters().weights(), rank.world().rank(), rank.world().size());
          }
          int[] wrong = {0};
          for (State state : State.values()) {
            rank.parameters()
                .save(
                    state,
                    (parameter, index, values) -> {
                      float expected =
                          state == State.WEIGHT
                              ? TrainedParameters.value(5, state, parameter.name(), index)
                              : 0;
                      wrong[0] += values.get(0) == expected ? 0 : 1;
                    });
          }
          assertEquals(0, wrong[0]);
          return null;
        });
  }

  /** A parameter that no file has is an error, not zeros. */
  @Test
  void whatNoFileHasIsNamed() {
    save(SMALL, run, 2, 1, 5);
    List<ParameterGroup> groups =
        List.of(
            new ParameterGroup("d", List.of(new Parameter("d.norm", Parameter.Initial.ONES, 3))));
    try (Device device = new CpuDevice(1);
        Arena arena = new Arena(device);
        Checkpoint checkpoint =
            new CheckpointSearch(LocalCommunicator.single(), false).find(run).checkpoint()) {
      ShardedParameters parameters =
          new ShardedParameters(
              device,
              LocalCommunicator.single(),
              new AloneCollectives(device),
              groups,
              ShardBuffers.allocate(
                  arena, groups, 1, device.compute(), device.sum(), device.sum(), false),
              new PhaseTimer(System::nanoTime));
      IllegalStateException missing =
          assertThrows(IllegalStateException.class, () -> checkpoint.load(parameters, 0, 1));
      assertEquals(
          run.resolve("checkpoints/step_5") + ": has no WEIGHT 0 of d.norm", missing.getMessage());
    }
  }

  @Test
  void piecesEndBeforeTheNext() {
    PieceIndex<String> index = new PieceIndex<>();
    index.add(new ShardPiece("a", State.WEIGHT, 5, 3, 0), "first");
    index.add(new ShardPiece("a", State.WEIGHT, 9, 1, 0), "second");
    String found = "";
    for (int element = 4; element <= 10; element++) {
      found += index.find(State.WEIGHT, "a", element).map(one -> one.where() + " ").orElse("- ");
    }
    assertEquals("- first first first - second - ", found);
    assertEquals(Optional.empty(), index.find(State.VARIANCE, "a", 5));
    assertEquals(Optional.empty(), index.find(State.WEIGHT, "b", 5));
    assertTrue(new ShardPiece("a", State.WEIGHT, 5, 3, 100).offsetOf(7, DType.F64) == 116);
  }
}
