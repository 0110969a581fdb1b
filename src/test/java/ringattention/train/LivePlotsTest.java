package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringattention.metrics.LossUnit;
import ringattention.report.OutputException;
import ringattention.report.StepRecord;

/** When plots are drawn again; that they are is seen where a run trains. */
@Timeout(60)
class LivePlotsTest {
  private final AtomicLong clock = new AtomicLong();
  private final List<StepRecord> records = new ArrayList<>();
  private final BlockingQueue<String> drawn = new LinkedBlockingQueue<>();

  private LivePlots plots(BiConsumer<String, Supplier<byte[]>> sink) {
    return new LivePlots(true, "run, 1 rank", LossUnit.NATS, sink, clock::get);
  }

  private Optional<String> step(LivePlots plots, double seconds) {
    clock.addAndGet((long) (seconds * 1e9));
    records.add(new StepRecord(records.size() + 1, 1, 1, 1, seconds, 1, Optional.empty()));
    return plots.after(records);
  }

  private void awaitDrawing() throws InterruptedException {
    for (String name : List.of("loss", "grad_norm", "learning_rate", "tokens_per_s")) {
      assertEquals(name, drawn.poll(20, TimeUnit.SECONDS));
    }
    Thread.sleep(50); // until the drawing counts as done
  }

  @Test
  void theFirstIsDrawnEarlyAndTheOthersAMinuteApart() throws InterruptedException {
    try (LivePlots plots = plots((name, png) -> drawn.add(name))) {
      step(plots, 9.9);
      step(plots, 0.2);
      awaitDrawing();
      step(plots, 59);
      Thread.sleep(50);
      assertEquals(List.of(), List.copyOf(drawn));
      step(plots, 2);
      awaitDrawing();
    }
  }

  @Test
  void theHundredthStepIsEarlyEnough() throws InterruptedException {
    try (LivePlots plots = plots((name, png) -> drawn.add(name))) {
      for (int i = 1; i < LivePlots.FIRST_STEPS; i++) {
        step(plots, 1e-3);
      }
      Thread.sleep(50);
      assertEquals(List.of(), List.copyOf(drawn));
      step(plots, 1e-3);
      awaitDrawing();
    }
  }

  /** Four plots of 5 s each: the next come 2000 s later. */
  @Test
  void whatTakesLongIsDrawnSeldom() throws InterruptedException {
    try (LivePlots plots =
        plots(
            (name, png) -> {
              clock.addAndGet(5_000_000_000L);
              drawn.add(name);
            })) {
      step(plots, 10);
      awaitDrawing();
      step(plots, 1990);
      Thread.sleep(50);
      assertEquals(List.of(), List.copyOf(drawn));
      step(plots, 20);
      awaitDrawing();
    }
  }

  @Test
  void noStepWaitsAndNoDrawingOvertakes() throws InterruptedException {
    CountDownLatch go = new CountDownLatch(1);
    try (LivePlots plots =
        plots(
            (name, png) -> {
              try {
                assertTrue(go.await(20, TimeUnit.SECONDS));
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              drawn.add(name);
            })) {
      for (int i = 0; i < 50; i++) {
        step(plots, 1000);
      }
      go.countDown();
    }
    assertEquals(4, drawn.size(), drawn.toString()); // closing waits for it
  }

  @Test
  void aFailureIsSaidOnceAndEndsTheDrawing() throws InterruptedException {
    CountDownLatch returned = new CountDownLatch(1);
    try (LivePlots plots =
        plots(
            (name, png) -> {
              try { // a failure that is faster than the step would be said by that
                assertTrue(returned.await(20, TimeUnit.SECONDS));
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              drawn.add(name);
              throw new OutputException("cannot write loss.png: No space left on device");
            })) {
      assertEquals(Optional.empty(), step(plots, 1000));
      returned.countDown();
      assertEquals("loss", drawn.poll(20, TimeUnit.SECONDS));
      Thread.sleep(50);
      assertEquals(
          Optional.of(
              "WARNING: no plots before the end of the run: cannot write loss.png: No space left on device"),
          step(plots, 1000));
      assertEquals(Optional.empty(), step(plots, 1000));
      Thread.sleep(50);
      assertEquals(List.of(), List.copyOf(drawn));
    }
  }

  /** What is drawn are the steps of then, whatever the run adds meanwhile. */
  @Test
  void drawsTheStepsSoFar() throws InterruptedException {
    BlockingQueue<byte[]> images = new LinkedBlockingQueue<>();
    try (LivePlots plots =
        plots(
            (name, png) -> {
              if (name.equals("loss")) {
                images.add(png.get());
              }
            })) {
      step(plots, 1);
      step(plots, 10);
      byte[] first = images.poll(20, TimeUnit.SECONDS);
      Thread.sleep(200);
      for (int i = 0; i < 30; i++) {
        step(plots, 3);
      }
      byte[] second = images.poll(20, TimeUnit.SECONDS);
      assertTrue(first.length > 1000 && second.length > 1000);
      assertTrue(!java.util.Arrays.equals(first, second), "the same steps");
    }
  }
}
