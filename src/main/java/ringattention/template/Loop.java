package ringattention.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;

/** The variable {@code loop} of a for loop, which also goes through the elements. */
final class Loop {
  private final Budget budget;
  private Iterator<Object> elements;
  private long known; // number of elements, -1 if it must be counted first
  private long index0 = -1;
  private Object before = Dicts.ABSENT;
  private Object current = Dicts.ABSENT;
  private Object after = Dicts.ABSENT; // looked at ahead of its turn
  private List<Object> changing;

  /**
   * A loop over the elements of a value.
   *
   * @param filter what lets only some of the elements through as they come, or null
   */
  Loop(Object iterable, UnaryOperator<Iterator<Object>> filter, Budget budget) {
    Iterator<Object> all = Types.iterator(iterable);
    this.elements = filter == null ? all : filter.apply(all);
    this.known =
        filter == null && Types.isSized(iterable) && !(iterable instanceof String)
            ? Types.size(iterable)
            : -1;
    this.budget = budget;
  }

  boolean hasNext() {
    return after != Dicts.ABSENT || elements.hasNext();
  }

  Object next() {
    budget.step();
    before = current;
    current = after == Dicts.ABSENT ? elements.next() : after;
    after = Dicts.ABSENT;
    index0++;
    return current;
  }

  /** Returns the number of elements. Elements that were not counted are gone through ahead. */
  long length() {
    if (known < 0) {
      List<Object> rest = new ArrayList<>();
      while (elements.hasNext()) {
        budget.step();
        rest.add(elements.next());
      }
      elements = rest.iterator();
      known = index0 + 1 + (after == Dicts.ABSENT ? 0 : 1) + rest.size();
    }
    return known;
  }

  private Object ahead() {
    if (after == Dicts.ABSENT && elements.hasNext()) {
      after = elements.next();
    }
    return after;
  }

  Object attribute(String name) {
    return switch (name) {
      case "index" -> index0 + 1;
      case "index0" -> index0;
      case "revindex" -> length() - index0;
      case "revindex0" -> length() - index0 - 1;
      case "first" -> index0 == 0;
      case "last" -> ahead() == Dicts.ABSENT;
      case "length" -> length();
      case "depth" -> 1L;
      case "depth0" -> 0L;
      case "previtem" ->
          before == Dicts.ABSENT ? new Undefined("there is no previous item") : before;
      case "nextitem" -> ahead() == Dicts.ABSENT ? new Undefined("there is no next item") : after;
      case "cycle" -> (Callable) this::cycle;
      case "changed" -> (Callable) this::changed;
      default -> Dicts.ABSENT;
    };
  }

  private Object cycle(Arguments arguments) {
    List<Object> items = arguments.positional();
    if (items.isEmpty()) {
      throw new TemplateException("loop.cycle() without anything to go through");
    }
    return items.get((int) (index0 % items.size()));
  }

  private Object changed(Arguments arguments) {
    List<Object> values = arguments.positional();
    boolean changed = changing == null || !Operators.equal(changing, values, budget);
    changing = values;
    return changed;
  }
}
