package ringattention.run;

import ringattention.input.Default;
import ringattention.input.InputException;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Source;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [parallel]}.
 *
 * @param ring ranks that share a sequence; 0: all ranks if attention is a ring, else 1. {@link
 *     Configuration#ringSize} settles it
 * @param heads ranks of these that exchange heads with each other; 1: none do; 0: left open
 * @param headChunks in which a rank exchanges its heads, one behind the work of the other
 * @param tensor ranks of these that share the products of every block; 1: none do
 * @param transport of messages between GPUs
 * @param gradients what they travel in between ranks
 */
public record ParallelConfig(
    int ring,
    int heads,
    int headChunks,
    int tensor,
    TransportKind transport,
    GradientWire gradients) {
  public static final Section<ParallelConfig> SECTION =
      Section.of("parallel", ParallelConfig::read);

  static ParallelConfig read(Table table) {
    return new ParallelConfig(
        table.integer("ring", Range.atLeast(0), Default.of(0)),
        table.marked(Trait.FREE).integer("heads", Range.atLeast(0), Default.of(1)),
        table.marked(Trait.FREE).integer("headChunks", Range.atLeast(1), Default.of(1)),
        table.marked(Trait.FREE).integer("tensor", Range.atLeast(1), Default.of(1)),
        table
            .marked(Trait.FREE)
            .choice("transport", TransportKind.class, Default.of(TransportKind.AUTO)),
        table.choice("gradients", GradientWire.class, Default.of(GradientWire.SUM)));
  }

  /**
   * Returns the same with rings of so many ranks, of which as many exchange heads, and share
   * products, as can.
   */
  public ParallelConfig withRing(int other) {
    int exchanging = heads == 0 ? 0 : commonDivisor(heads, other);
    return new ParallelConfig(
        other,
        exchanging,
        headChunks,
        commonDivisor(tensor, other / Math.max(1, exchanging)),
        transport,
        gradients);
  }

  public ParallelConfig withHeads(int other) {
    return new ParallelConfig(ring, other, headChunks, tensor, transport, gradients);
  }

  /** Returns the ranks that exchange heads where nothing chooses them: none do if left open. */
  public int headsOrNone() {
    return Math.max(1, heads);
  }

  /**
   * Returns into how many equal parts the key/value heads of a call are cut where so many ranks
   * exchange them.
   */
  public int parts(int headRanks) {
    return headRanks == 1 ? 1 : headRanks * headChunks;
  }

  private static int commonDivisor(int a, int b) {
    return b == 0 ? a : commonDivisor(b, a % b);
  }

  /**
   * Checks that nothing is asked for that only GPUs have.
   *
   * @param why there is no GPU
   * @throws InputException if the input asks for a transport between GPUs
   */
  public void requireHostTransport(Source source, String why) {
    if (transport != TransportKind.AUTO) {
      throw source.error("parallel.transport", "is for GPUs only: " + why);
    }
    if (gradients == GradientWire.BF16) {
      throw source.error("parallel.gradients", "is for GPUs only: " + why);
    }
  }
}
