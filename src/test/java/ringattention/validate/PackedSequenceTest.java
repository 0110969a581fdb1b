package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.comm.LocalCommunicator;
import ringattention.data.Sample;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/** A packed sequence gives what its documents give on their own, to the bit: positions restart. */
class PackedSequenceTest {
  private static final int HIDDEN = 24;

  private static double[] forward(TransformerProblem problem, Sample sample) {
    try (ReferenceDevice device = new ReferenceDevice();
        TransformerRunner runner =
            new TransformerRunner(
                problem,
                problem.vanilla(),
                LocalCommunicator.single(),
                device,
                new PhaseTimer(System::nanoTime))) {
      return runner.forward(new Sample[] {sample});
    }
  }

  /** Tokens of a sequence as a sequence of their own. */
  private static Sample part(Sample sample, int from, int to) {
    return new Sample(
        Arrays.copyOfRange(sample.tokens(), from, to),
        Arrays.copyOfRange(sample.labels(), from, to),
        IntStream.range(0, to - from).toArray(),
        new int[] {0});
  }

  @ParameterizedTest
  @EnumSource(Mask.class)
  void everyDocumentIsComputedAsIfItWereAlone(Mask mask) {
    int[] bounds = {0, 4, 9, 21, 29};
    TransformerProblem whole = TransformerProblem.small(29, 1, mask, LayoutKind.CONTIGUOUS, 3);
    Documents documents = Documents.startingAt(Arrays.copyOf(bounds, bounds.length - 1));
    Sample sample = whole.packed(documents).sequences()[0];
    double[] packed = forward(whole.packed(documents), sample);
    for (int i = 0; i + 1 < bounds.length; i++) {
      int from = bounds[i];
      int to = bounds[i + 1];
      TransformerProblem alone =
          TransformerProblem.small(to - from, 1, mask, LayoutKind.CONTIGUOUS, 3);
      assertArrayEquals(
          forward(alone, part(sample, from, to)),
          Arrays.copyOfRange(packed, from * HIDDEN, to * HIDDEN),
          "document " + i);
    }
  }
}
