package ringattention.evaluate.suite;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.stream.Stream;
import ringattention.input.BoundedFile;
import ringattention.input.InputException;

/** The words that needles are hidden among; behind the last comes the first again. */
record Haystack(List<String> words) {
  private static final int LARGEST = 64; // MiB of all files
  private static final int SENTENCE = 200; // words, of the longest that is looked for

  /** RULER's noise. */
  static final Haystack NOISE =
      new Haystack(
          words(
              "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back"
                  + " again."));

  /**
   * Reads a file, or all below a folder in the order of their paths, as far as {@value #LARGEST}
   * MiB.
   *
   * @param error makes the exception of what is wrong
   */
  static Haystack read(Path path, Function<String, InputException> error) {
    StringBuilder all = new StringBuilder();
    for (Path file : files(path, error)) {
      try {
        all.append(BoundedFile.text(file, LARGEST)).append('\n');
      } catch (CharacterCodingException notUtf8) {
        throw error.apply(file + " must be UTF-8 text");
      } catch (IOException unreadable) {
        throw error.apply(file + " cannot be read: " + unreadable.getMessage());
      }
      if (all.length() > LARGEST << 20) {
        break;
      }
    }
    List<String> words = words(all.toString());
    if (words.isEmpty()) {
      throw error.apply("must hold text");
    }
    return new Haystack(words);
  }

  private static List<Path> files(Path path, Function<String, InputException> error) {
    if (!Files.isDirectory(path)) {
      if (!Files.isRegularFile(path)) {
        throw error.apply("no such file or folder");
      }
      return List.of(path);
    }
    try (Stream<Path> tree = Files.walk(path, FileVisitOption.FOLLOW_LINKS)) {
      return tree.filter(Files::isRegularFile)
          .sorted(Comparator.comparing(Path::toString)) // the same on every file system
          .toList();
    } catch (IOException | UncheckedIOException unreadable) {
      throw error.apply("cannot be read: " + unreadable.getMessage());
    }
  }

  private static List<String> words(String text) {
    return Arrays.stream(text.split("\\s+")).filter(word -> !word.isEmpty()).toList();
  }

  /** Returns words [from, to), a blank between each and the next. */
  String text(int from, int to) {
    StringJoiner text = new StringJoiner(" ");
    for (int i = from; i < to; i++) {
      text.add(words.get(i % words.size()));
    }
    return text.toString();
  }

  /** Returns whether it has this text in a word. */
  boolean holds(String part) {
    return words.stream().anyMatch(word -> word.contains(part));
  }

  /**
   * Returns the last end of a sentence among the words [from, at], where it is not too far before;
   * else this place itself.
   */
  int sentenceEnd(int from, int at) {
    for (int end = at; end > from && end > at - SENTENCE; end--) {
      if (endsSentence(words.get((end - 1) % words.size()))) {
        return end;
      }
    }
    return at;
  }

  private static boolean endsSentence(String word) {
    return word.matches(".*[.!?][\"')\\]\u201d\u2019]*");
  }

  /** Returns the words of the text that the input names, or {@link #NOISE} if it names none. */
  static Haystack of(Optional<Path> path, Function<String, InputException> error) {
    return path.map(given -> read(given, error)).orElse(NOISE);
  }
}
