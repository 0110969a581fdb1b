package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.EventRecords;
import ringattention.metrics.Mfu;

/** What is written is what TensorBoard reads, also of a run in several parts. */
class TensorBoardTest {
  private static final Instant START = Instant.parse("2026-11-28T15:00:00.5Z");
  private static final Clock CLOCK = Clock.fixed(START, ZoneOffset.UTC);

  @TempDir Path folder;

  private static StepRecord step(long step, double loss) {
    return new StepRecord(step, loss, 2.5, 1e-3, 4, 8, Optional.of(new Mfu(0.25, 0.5, 0.375)));
  }

  private void part(long after, long last, double loss) {
    try (TensorBoard board = new TensorBoard(folder, after, CLOCK)) {
      for (long step = after + 1; step <= last; step++) {
        board.write(step(step, loss + step), 3L << 29);
      }
    }
  }

  @Test
  void aFileBeginsAsThoseOfTensorFlow() throws IOException {
    part(0, 0, 0);
    byte[] bytes = Files.readAllBytes(EventRecords.files(folder).get(0));
    byte[] head = {24, 0, 0, 0, 0, 0, 0, 0, (byte) 0xa3, 0x7f, 0x4b, 0x22}; // 0x224b7fa3
    assertArrayEquals(head, Arrays.copyOf(bytes, head.length));
    assertEquals(12 + 24 + 4, bytes.length);
  }

  @Test
  void aStepHasItsValuesUnderTheirTags() throws IOException {
    StepRecord all =
        new StepRecord(
            1L << 40,
            true,
            1.5,
            2.5,
            1e-3,
            4,
            8,
            Optional.of(new Mfu(0.25, 0.5, 0.375)),
            Optional.of(1.25),
            Optional.empty(),
            Optional.of(new StepAnswers(0.5, 0.75, 3)));
    StepRecord unlabelled =
        new StepRecord(
            (1L << 40) + 1,
            false,
            0,
            0,
            1e-3,
            4,
            8,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(new StepAnswers(Double.NaN, Double.NaN, 4)));
    try (TensorBoard board = new TensorBoard(folder, 0, CLOCK)) {
      board.write(all, 3L << 29);
      board.write(unlabelled, 0);
    }
    List<EventRecords.Event> events = EventRecords.read(EventRecords.files(folder).get(0));
    assertEquals(3, events.size());
    assertEquals(1L << 40, events.get(1).step());
    assertEquals(START.toEpochMilli() * 1e-3, events.get(1).wallTime());
    assertEquals(
        Map.of(
            "train/loss", 1.5,
            "train/grad_norm", 2.5,
            "train/learning_rate", (double) 1e-3f,
            "train/level", 3.0,
            "train/exact_rate", 0.5,
            "train/digit_rate", 0.75,
            "validation/loss", 1.25,
            "speed/tokens_per_s", 8.0,
            "speed/mfu_causal", 0.25,
            "memory/peak_gib", 1.5),
        events.get(1).scalars());
    assertEquals(
        Map.of(
            "train/learning_rate", (double) 1e-3f,
            "train/level", 4.0,
            "speed/tokens_per_s", 8.0,
            "memory/peak_gib", 0.0),
        events.get(2).scalars());
  }

  @Test
  void stepsAfterTheCheckpointAreNotTwice() throws IOException {
    part(0, 80, 0);
    part(50, 60, 1000); // in the same second
    part(60, 70, 2000);
    Map<Long, Double> curve = EventRecords.curve(folder, "train/loss");
    assertEquals(LongStream.rangeClosed(1, 70).boxed().toList(), List.copyOf(curve.keySet()));
    assertEquals(50, curve.get(50L));
    assertEquals(1051, curve.get(51L));
    assertEquals(1060, curve.get(60L));
    assertEquals(2061, curve.get(61L));
  }

  @Test
  void aRunThatIsKilledLosesSecondsOnly() throws IOException {
    Instant[] now = {START};
    Clock clock =
        new Clock() {
          @Override
          public java.time.ZoneId getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(java.time.ZoneId zone) {
            return this;
          }

          @Override
          public Instant instant() {
            return now[0];
          }
        };
    try (TensorBoard board = new TensorBoard(folder, 0, clock)) {
      Path file = EventRecords.files(folder).get(0);
      now[0] = START.plusMillis(4999);
      board.write(step(1, 1), 0);
      assertEquals(1, EventRecords.read(file).size(), "no call of the system for every step");
      now[0] = START.plusMillis(5000);
      board.write(step(2, 1), 0);
      assertEquals(3, EventRecords.read(file).size());
    }
  }

  /** Not a measurement: a thousandth of a step of 50 ms would already be 0.5 s here. */
  @Test
  void tenThousandStepsTakeNoTime() throws IOException {
    long began = System.nanoTime();
    part(0, 10_000, 0);
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    assertTrue(took.toMillis() < 5000, took.toString());
    assertTrue(Files.size(EventRecords.files(folder).get(0)) < 4_000_000);
  }
}
