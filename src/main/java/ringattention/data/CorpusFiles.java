package ringattention.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;

/** The files of a corpus: one, or all under a folder in the order of their paths. */
final class CorpusFiles {
  private static final Pattern ABOUT =
      Pattern.compile("(README|LICENSE|LICENCE)(\\.(md|txt|rst))?", Pattern.CASE_INSENSITIVE);

  private final DataConfig data;
  private final Source source;

  CorpusFiles(Configuration configuration) {
    this.data = configuration.get(DataConfig.SECTION);
    this.source = configuration.source();
  }

  /**
   * The files that are not empty, at least one.
   *
   * @throws InputException naming {@code data.path} if it is missing, unreadable, or without any
   *     text
   */
  List<Path> all() {
    List<Path> files = candidates().stream().filter(file -> size(file) > 0).toList();
    if (files.isEmpty()) {
      throw source.error("data.path", "must hold text, found " + emptiness());
    }
    files.forEach(file -> Records.require(file, data.format(), source));
    return files;
  }

  private String emptiness() {
    boolean filtered = !data.extensions().isEmpty() && Files.isDirectory(data.path());
    return "0 bytes"
        + (filtered ? " in files ending in ." + String.join(", .", data.extensions()) : "");
  }

  private List<Path> candidates() {
    if (!Files.exists(data.path())) {
      throw source.error("data.path", "no such file or folder");
    }
    if (!Files.isDirectory(data.path())) {
      return List.of(data.path());
    }
    try (Stream<Path> tree = Files.walk(data.path(), FileVisitOption.FOLLOW_LINKS)) {
      return tree.filter(Files::isRegularFile)
          .filter(this::wanted)
          .filter(file -> !isLeftOut(file))
          .sorted(Comparator.comparing(Path::toString)) // the same on every file system and locale
          .toList();
    } catch (IOException | UncheckedIOException unreadable) {
      throw source.error("data.path", "folder cannot be read: " + reason(unreadable));
    }
  }

  /**
   * Returns how many files of a folder are left out, see {@link #isLeftOut}, in one line; empty:
   * none.
   *
   * @throws InputException as {@link #all}
   */
  Optional<String> leftOut() {
    if (!Files.isDirectory(data.path())) {
      return Optional.empty();
    }
    try (Stream<Path> tree = Files.walk(data.path(), FileVisitOption.FOLLOW_LINKS)) {
      long files =
          tree.filter(Files::isRegularFile).filter(this::wanted).filter(this::isLeftOut).count();
      return files == 0
          ? Optional.empty()
          : Optional.of(
              files
                  + (files == 1 ? " file of " : " files of ")
                  + data.path()
                  + (files == 1 ? " is" : " are")
                  + " left out: hidden ones"
                  + (hasRecords() ? ", README and LICENSE" : ""));
    } catch (IOException | UncheckedIOException unreadable) {
      throw source.error("data.path", "folder cannot be read: " + reason(unreadable));
    }
  }

  private boolean hasRecords() {
    return data.format() == DataFormat.JSON_LINES || data.format() == DataFormat.CONVERSATIONS;
  }

  /** Whether a file of a folder is nobody's text: hidden, or about the records beside it. */
  private boolean isLeftOut(Path file) {
    for (Path name : data.path().relativize(file)) {
      if (name.toString().startsWith(".")) {
        return true;
      }
    }
    return hasRecords() && ABOUT.matcher(file.getFileName().toString()).matches();
  }

  private boolean wanted(Path file) {
    String name = file.getFileName().toString();
    String plain = CorpusStream.plainName(file);
    return data.extensions().isEmpty()
        || data.extensions().stream()
            .anyMatch(end -> name.endsWith("." + end) || plain.endsWith("." + end));
  }

  private long size(Path file) {
    try {
      if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
        throw source.error("data.path", file + " is not a readable file");
      }
      return Files.size(file);
    } catch (IOException unreadable) {
      throw source.error("data.path", file + " cannot be read: " + reason(unreadable));
    }
  }

  /** The first line of what went wrong. */
  static String reason(Exception unreadable) {
    return String.valueOf(unreadable.getMessage()).lines().findFirst().orElse("unknown reason");
  }
}
