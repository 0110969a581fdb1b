package ringattention.validate;

import java.util.Locale;
import java.util.stream.IntStream;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.random.Seed;
import ringattention.shard.CutLayout;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.SequenceLayout;
import ringattention.shard.TokenLayout;

/**
 * An attention problem whose inputs any rank can make for any position: bell-shaped numbers of
 * variance 1, in float precision.
 *
 * @param length positions of the sequence
 * @param documents that the sequence is packed from; if several, batch is 1
 * @param headRanks ranks that exchange heads, divides the key/value heads; 1: none do
 * @param headChunks in which each of them does, divides its key/value heads; 1 where none do
 */
public record AttentionProblem(
    int length,
    int batch,
    HeadCounts heads,
    Mask mask,
    LayoutKind layoutKind,
    long seed,
    Documents documents,
    int headRanks,
    int headChunks) {

  /** Makes a problem of one document. */
  public AttentionProblem(
      int length, int batch, HeadCounts heads, Mask mask, LayoutKind layoutKind, long seed) {
    this(length, batch, heads, mask, layoutKind, seed, Documents.ONE, 1, 1);
  }

  /** One sequence like these, packed from documents. */
  public AttentionProblem packed(Documents packed) {
    return new AttentionProblem(
        length, 1, heads, mask, layoutKind, seed, packed, headRanks, headChunks);
  }

  /** Returns a smaller one: some of the key/value heads with the query heads that read them. */
  public AttentionProblem smaller(int fewerBatch, int fewerKeyValueHeads) {
    return new AttentionProblem(
        length,
        fewerBatch,
        heads.some(fewerKeyValueHeads),
        mask,
        layoutKind,
        seed,
        documents,
        headRanks,
        headChunks);
  }

  /** Returns the same where so many neighbouring ranks exchange heads, all at once. */
  public AttentionProblem exchanged(int ofRanks) {
    return exchanged(ofRanks, 1);
  }

  /** Returns the same where so many neighbouring ranks exchange heads, in so many chunks. */
  public AttentionProblem exchanged(int ofRanks, int chunks) {
    return new AttentionProblem(
        length, batch, heads, mask, layoutKind, seed, documents, ofRanks, chunks);
  }

  /** Returns what the key/value heads of this and of smaller ones are a multiple of. */
  int headParts() {
    return headRanks * headChunks;
  }

  /** Returns the shape of one query head of this with the key/value head it reads. */
  AttentionProblem oneHead() {
    return new AttentionProblem(
        length, 1, new HeadCounts(1, 1, heads.size()), mask, layoutKind, seed, documents, 1, 1);
  }

  /** The tensors that go in. */
  public enum Input {
    QUERY,
    KEY,
    VALUE,
    OUTPUT_GRADIENT
  }

  /** Returns which tokens each of so many ranks holds. */
  public TokenLayout layout(int ranks) {
    return headRanks == 1 ? ringLayout(ranks) : new CutLayout(ringLayout(ranks), headRanks);
  }

  /** Returns which tokens are attended to together at each place of the ring of so many ranks. */
  public SequenceLayout ringLayout(int ranks) {
    return SequenceLayout.of(layoutKind, length, ranks / headRanks);
  }

  /** Elements of an input at one position: batch * heads * headSize, or with key/value heads. */
  public int rowSize(Input input) {
    boolean keyValue = input == Input.KEY || input == Input.VALUE;
    return batch * (keyValue ? heads.keyValue() : heads.query()) * heads.size();
  }

  /**
   * The rows of an input at some positions, [positions, batch, heads, headSize], rounded to a type
   * that both the device under test and the reference hold exactly.
   */
  public double[] rows(Input input, int[] positions, DType rounded) {
    int[] all = IntStream.range(0, rowSize(input) / heads.size()).toArray();
    return rows(input, positions, all, rounded);
  }

  /**
   * Some heads of {@link #rows(Input, int[], DType)}, [positions, these heads, headSize].
   *
   * @param some heads, counted over the batch: sequence * heads + head
   */
  double[] rows(Input input, int[] positions, int[] some, DType rounded) {
    int row = rowSize(input);
    int size = heads.size();
    Seed numbers = Seed.of(seed, input.name());
    double[] rows = new double[Math.multiplyExact(positions.length, some.length * size)];
    IntStream.range(0, positions.length)
        .parallel()
        .forEach(
            i -> {
              int at = i * some.length * size;
              for (int head : some) {
                long first = (long) positions[i] * row + head * size;
                for (int j = 0; j < size; j++) {
                  rows[at++] = round(numbers.bell(first + j), rounded);
                }
              }
            });
    return rows;
  }

  private static float round(double value, DType type) {
    return switch (type) {
      case BF16 -> Float.intBitsToFloat(Float.floatToIntBits((float) value) & 0xFFFF0000);
      case F32, F64 -> (float) value;
      case I32 -> throw new IllegalArgumentException("integers");
    };
  }

  @Override
  public String toString() {
    return String.format(
            Locale.ROOT,
            "%s, %s, %s%d tokens x %d, heads %d/%d x %d%s",
            layoutKind,
            mask,
            documents.count() == 1 ? "" : documents.count() + " documents, ",
            length,
            batch,
            heads.query(),
            heads.keyValue(),
            heads.size(),
            (headRanks == 1 ? "" : " over " + headRanks)
                + (headChunks == 1 ? "" : " in " + headChunks + " chunks"))
        .toLowerCase(Locale.ROOT);
  }
}
