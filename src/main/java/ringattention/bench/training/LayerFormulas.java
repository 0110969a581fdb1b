package ringattention.bench.training;

import ringattention.model.Architecture;
import ringattention.model.ModelConfig;

/**
 * Table 1 of the paper: bytes of a layer's activations. There e, the bytes of an element, is 2; b
 * is the batch, 1 here, s the tokens on a rank, of a ring called c, h the hidden size, n the heads.
 * Two corrections: vanilla attention in all is printed with h instead of n, and the six blocks of a
 * ring, counted as bytes, are 6 e b c h. Blocks of a kernel, 4 b c h of memory-efficient attention,
 * do not grow with s and are left out.
 *
 * @param elementBytes e
 */
public record LayerFormulas(ModelConfig model, int elementBytes) {
  /**
   * coefficient * tokens^power bytes.
   *
   * @param text the same in letters
   */
  public record Term(String text, int power, double coefficient) {
    public double bytes(long tokens) {
      return coefficient * Math.pow(tokens, power);
    }
  }

  public Term attention(Architecture architecture) {
    return switch (architecture) {
      case VANILLA -> new Term("e b n s^2", 2, (double) elementBytes * model.heads());
      case MEMORY_EFFICIENT, BLOCKWISE -> ofHidden(1, "s");
      case RING -> ofHidden(6, "c");
    };
  }

  public Term feedForward(Architecture architecture) {
    return switch (architecture) {
      case VANILLA, MEMORY_EFFICIENT -> ofHidden(4, "s");
      case BLOCKWISE -> ofHidden(1, "s");
      case RING -> ofHidden(1, "c");
    };
  }

  /** The larger of the two: the paper's two halves follow each other. */
  public Term total(Architecture architecture) {
    return switch (architecture) {
      case VANILLA, RING -> attention(architecture);
      case MEMORY_EFFICIENT, BLOCKWISE -> feedForward(architecture);
    };
  }

  private Term ofHidden(int times, String tokens) {
    String factor = times == 1 ? "" : times + " ";
    return new Term(
        factor + "e b " + tokens + " h", 1, (double) times * elementBytes * model.hidden());
  }
}
