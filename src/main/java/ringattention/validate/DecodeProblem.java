package ringattention.validate;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import ringattention.device.DecodeShape.Segment;

/**
 * New tokens over a cache of which they see some segments.
 *
 * @param rows new tokens
 * @param segments none of which overlap for a row
 */
public record DecodeProblem(
    int rows, int heads, int keyValueHeads, int headSize, List<Segment> segments) {
  /** Slots of the cache: more than any segment reaches, so that there are some that none sees. */
  static final int SLOTS = 1600;

  public DecodeProblem {
    segments = List.copyOf(segments);
  }

  /** Returns one request alone, several of unequal length, and many behind one prefix. */
  public static List<DecodeProblem> all(int heads, int keyValueHeads, int headSize) {
    List<Segment> one = List.of(new Segment(0, 1, 1, 1537));
    List<Segment> unequal = // row 3 sees one slot, row 4 none
        List.of(
            new Segment(0, 3, 64, 1001),
            new Segment(1, 2, 1001, 1002),
            new Segment(2, 3, 1010, 1210),
            new Segment(2, 4, 1300, 1301),
            new Segment(4, 5, 7, 7));
    List<Segment> many =
        Stream.concat(
                Stream.of(new Segment(0, 17, 0, 700)),
                IntStream.range(0, 17)
                    .mapToObj(row -> new Segment(row, row + 1, 700 + 50 * row, 700 + 51 * row)))
            .toList();
    return List.of(
        new DecodeProblem(1, heads, keyValueHeads, headSize, one),
        new DecodeProblem(5, heads, keyValueHeads, headSize, unequal),
        new DecodeProblem(17, heads, keyValueHeads, headSize, many));
  }

  /** Returns the contents of the tensor of segments, each with this share of its slots. */
  int[] numbers(double from, double to) {
    return segments.stream()
        .flatMapToInt(
            s -> {
              int slots = s.slotTo() - s.slotFrom();
              int first = s.slotFrom() + (int) (from * slots);
              int end = s.slotFrom() + (int) (to * slots);
              return IntStream.of(s.rowFrom(), s.rowTo(), first, end);
            })
        .toArray();
  }

  /** Returns the slots that a row sees. */
  int[] slots(int row) {
    return segments.stream()
        .filter(segment -> segment.rowFrom() <= row && row < segment.rowTo())
        .flatMapToInt(segment -> IntStream.range(segment.slotFrom(), segment.slotTo()))
        .toArray();
  }

  int group() {
    return heads / keyValueHeads;
  }

  @Override
  public String toString() {
    return rows + " rows over a cache, heads " + heads + "/" + keyValueHeads + " x " + headSize;
  }
}
