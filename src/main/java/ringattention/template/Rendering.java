package ringattention.template;

import java.util.List;

/**
 * What a template made of a conversation.
 *
 * @param text the rendered text
 * @param generated the places of {@code {% generation %}} blocks in the text, in the order of their
 *     beginnings; empty if the template has none
 */
public record Rendering(String text, List<Span> generated) {
  public Rendering {
    generated = List.copyOf(generated);
  }

  /**
   * A range of the text, in Java's characters as {@link String#substring} counts them. It is empty
   * where a block wrote nothing.
   *
   * @param start the first character
   * @param end one past the last character
   */
  public record Span(int start, int end) {}
}
