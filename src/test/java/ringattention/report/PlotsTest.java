package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimes;
import ringattention.report.Plots.Axis;
import ringattention.report.Plots.Series;

class PlotsTest {
  private static final String OTHER = "tutorial-4741, 4 ranks"; // as high, so that nothing moves

  private static final String RUN = "tutorial-4711, 4 ranks";

  private static final List<StepRecord> STEPS =
      LongStream.rangeClosed(1, 100).mapToObj(PlotsTest::step).toList();

  private static StepRecord step(long i) {
    double loss =
        switch ((int) i) {
          case 50 -> Double.NaN;
          case 60 -> 1e38;
          case 70 -> Double.POSITIVE_INFINITY;
          default -> 2 + 3.5 / i;
        };
    return new StepRecord(i, loss, 1, 1e-4, 0.8, 41_000 + i % 7 * 300, Optional.empty());
  }

  @Test
  void curvesOfARun() throws IOException {
    byte[] loss =
        assertTimeoutPreemptively(
            Duration.ofSeconds(20), () -> Plots.loss(RUN, "nats per token", STEPS));
    assertTrue(colours(loss) > 10, "a curve, its axes and their labels");
    assertTrue(colours(Plots.tokensPerSecond(RUN, STEPS)) > 10);
  }

  @Test
  void titlesHaveTheRunAndCurvesAreOfTheirColumn() throws IOException {
    List<BufferedImage> images =
        List.of(
            image(Plots.loss(RUN, "nats per token", STEPS)),
            image(Plots.gradientNorm(RUN, STEPS)),
            image(Plots.learningRate(RUN, STEPS)),
            image(Plots.tokensPerSecond(RUN, STEPS)));
    List<BufferedImage> others =
        List.of(
            image(Plots.loss(OTHER, "nats per token", STEPS)),
            image(Plots.gradientNorm(OTHER, STEPS)),
            image(Plots.learningRate(OTHER, STEPS)),
            image(Plots.tokensPerSecond(OTHER, STEPS)));
    for (int i = 0; i < images.size(); i++) {
      assertFalse(same(images.get(i), others.get(i), 0, 40), "title of plot " + i);
      assertTrue(same(images.get(i), others.get(i), 60, images.get(i).getHeight()), "curve " + i);
    }
    List<StepRecord> warm =
        LongStream.rangeClosed(1, 100)
            .mapToObj(i -> new StepRecord(i, 1, 100 - i, i, 1, 1, Optional.empty()))
            .toList();
    BufferedImage norm = image(Plots.gradientNorm(RUN, warm));
    BufferedImage rate = image(Plots.learningRate(RUN, warm));
    int left = norm.getWidth() / 4;
    int right = norm.getWidth() * 3 / 4;
    assertTrue(height(norm, left) < height(norm, right) - 100, "the norm falls");
    assertTrue(height(rate, left) > height(rate, right) + 100, "the rate rises");
  }

  private static double height(BufferedImage image, int x) {
    return IntStream.range(x, x + 30).flatMap(near -> line(image, near)).average().orElseThrow();
  }

  private static boolean same(BufferedImage a, BufferedImage b, int from, int to) {
    return IntStream.range(from, to)
        .allMatch(
            y -> IntStream.range(0, a.getWidth()).allMatch(x -> a.getRGB(x, y) == b.getRGB(x, y)));
  }

  /** Noise of many steps is a band; the line of their means is thin, dark and falls. */
  @Test
  void theFallOfALongRunIsSeen() throws IOException {
    Random random = new Random(1);
    List<StepRecord> steps =
        LongStream.rangeClosed(1, 10_000)
            .mapToObj(
                i -> {
                  double noise = random.nextGaussian();
                  double rate = 1000 + 100 * noise;
                  double loss = 6 - 2e-4 * i + noise;
                  return new StepRecord(i, loss, 1, 1e-4, 1, rate, Optional.empty());
                })
            .toList();
    BufferedImage image = image(Plots.loss(RUN, "nats per token", steps));
    for (BufferedImage drawn : List.of(image, image(Plots.tokensPerSecond(RUN, steps)))) {
      IntStream.range(drawn.getWidth() / 5, drawn.getWidth() * 3 / 5)
          .forEach(x -> assertTrue(line(drawn, x).count() <= 20, "thin at " + x));
    }
    double left = line(image, image.getWidth() / 5).average().orElseThrow();
    double right = line(image, image.getWidth() * 3 / 5).average().orElseThrow();
    assertTrue(right > left + 10, "from " + left + " down to " + right);
  }

  /** Heights of the dark pixels in a column. */
  private static IntStream line(BufferedImage image, int x) {
    return IntStream.range(50, image.getHeight() - 80)
        .filter(y -> (image.getRGB(x, y) & 0xffffff) == 0x4e79a7);
  }

  @Test
  void aRunThatDivergedAtOnceHasAnEmptyPlot() throws IOException {
    byte[] empty =
        Plots.loss(
            RUN,
            "nats per token",
            List.of(new StepRecord(1, Double.NaN, 1, 1, 1, 1, Optional.empty())));
    assertTrue(colours(empty) > 1);
    assertTrue(colours(Plots.loss(RUN, "nats per token", List.of())) > 1);
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "1, 2.5", "3, 2.5", "3, 0", "2, 1e-300", "2, 3e38", "2, 1e-9", "2, -7"})
  void shortFlatAndHugeCurvesAreDrawnToo(long steps, double value) {
    List<StepRecord> curve =
        LongStream.rangeClosed(1, steps)
            .mapToObj(i -> new StepRecord(i, value * i, 1, 1, 1, value, Optional.empty()))
            .toList();
    Duration limit = Duration.ofSeconds(20);
    assertTrue(
        assertTimeoutPreemptively(limit, () -> colours(Plots.loss(RUN, "nats per token", curve)))
            > 1);
    assertTrue(
        assertTimeoutPreemptively(limit, () -> colours(Plots.tokensPerSecond(RUN, curve))) > 1);
  }

  @Test
  void breakdownHasAColourForEachPhaseAndTheRest() throws IOException {
    Map<Phase, Double> phases = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      phases.put(phase, 1.0 + phase.ordinal());
    }
    List<PhaseTimes> ranks =
        IntStream.range(0, 4).mapToObj(i -> new PhaseTimes(80 + i, phases)).toList();
    long large = large(image(Plots.timeBreakdown(RUN, ranks)), 500);
    assertTrue(large >= 1 + Phase.values().length + 1, "background, phases, rest: " + large);
  }

  @Test
  void barsOfAGroupHaveAColourEach() throws IOException {
    List<Plots.Bars> bars =
        List.of(
            new Plots.Bars("one", List.of(30.0, 35.0, 40.0)),
            new Plots.Bars(OTHER, List.of(50.0, 45.0, 40.0)));
    byte[] png = Plots.bars("MFU", "", "%", List.of("7B, 32K", "7B, 64K", "13B, 32K"), bars);
    assertEquals(3, large(image(png), 5000), "background and two bars");
  }

  @Test
  void logarithmicAxesLeaveOutWhatTheyCannotShow() throws IOException {
    Axis tokens = new Axis("tokens", true);
    Axis rate = new Axis("TFLOP/s", true);
    Series ring =
        new Series("ring", new double[] {0, 1024, 4096, 65536}, new double[] {1, 0, 40, 500});
    assertTrue(colours(Plots.lines("Attention", tokens, rate, List.of(ring))) > 10);
  }

  /** Colours of as many pixels: of areas, not of lines and letters. */
  private static long large(BufferedImage image, int fewest) {
    return IntStream.range(0, image.getWidth() * image.getHeight())
        .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
        .boxed()
        .collect(Collectors.groupingBy(c -> c, Collectors.counting()))
        .values()
        .stream()
        .filter(count -> count > fewest)
        .count();
  }

  /** One curve and its points are one colour, so two pairs have two. */
  @Test
  void whatWasPredictedAndMeasuredHaveOneColour() throws IOException {
    Axis tokens = new Axis("tokens", true);
    Axis part = new Axis("part", false);
    double[] x = {100, 1000, 10000};
    List<Series> curves =
        List.of(
            new Series("a", x, new double[] {0.1, 0.5, 0.9}),
            new Series("b", x, new double[] {0.9, 0.5, 0.1}));
    List<Series> points =
        List.of(
            new Series("a measured", x, new double[] {0.2, 0.6, 0.8}),
            new Series("b measured", x, new double[] {Double.NaN, Double.NaN, Double.NaN}));
    BufferedImage image = image(Plots.curvesAndPoints("Both", tokens, part, curves, points));
    Map<Integer, Long> counts =
        IntStream.range(0, image.getWidth() * image.getHeight())
            .mapToObj(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()) & 0xffffff)
            .collect(Collectors.groupingBy(c -> c, Collectors.counting()));
    assertTrue(counts.get(0x4e79a7) > 100, "first pair");
    assertTrue(counts.get(0xf28e2b) > 100, "second pair");
    assertFalse(counts.containsKey(0x76b7b2), "a third colour");
    assertFalse(counts.containsKey(0x59a14f), "a fourth colour");
  }

  private static long colours(byte[] png) throws IOException {
    BufferedImage image = image(png);
    assertEquals(900, image.getWidth());
    return IntStream.range(0, image.getWidth() * image.getHeight())
        .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
        .distinct()
        .count();
  }

  private static BufferedImage image(byte[] png) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(png));
  }
}
