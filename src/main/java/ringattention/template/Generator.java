package ringattention.template;

import java.util.Iterator;

/**
 * What filters such as {@code map} and {@code selectattr} return: elements that can be gone through
 * once, without a length. {@code list} makes a list of them.
 */
record Generator(Iterator<Object> elements) {
  static Generator of(Iterable<Object> elements) {
    return new Generator(elements.iterator());
  }
}
