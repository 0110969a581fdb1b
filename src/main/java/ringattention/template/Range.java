package ringattention.template;

import java.util.AbstractList;

/** Python's range: a list that is counted, not kept. */
final class Range extends AbstractList<Object> {
  /** The sandbox of Python's Jinja makes none that is longer. */
  private static final int LONGEST = 100_000;

  private final long start;
  private final long stop;
  private final long step;
  private final int size;

  Range(long start, long stop, long step) {
    if (step == 0) {
      throw new TemplateException("range() with a step of 0");
    }
    double exact = Math.ceil(((double) stop - start) / step);
    if (exact > LONGEST) {
      throw new TemplateException("range() of more than " + LONGEST + " numbers");
    }
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.size = (int) Math.max(0, exact);
  }

  @Override
  public Object get(int index) {
    return start + index * step;
  }

  @Override
  public int size() {
    return size;
  }

  /** Returns every {@code stride}-th number from a place to another, which is a range, too. */
  Range slice(long begin, long end, long stride) {
    return new Range(start + begin * step, start + end * step, step * stride);
  }

  /** Returns the range as Python prints it. */
  String text() {
    return "range(" + start + ", " + stop + (step == 1 ? "" : ", " + step) + ")";
  }
}
