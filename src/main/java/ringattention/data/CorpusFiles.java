package ringattention.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;

/** The files of a corpus: one, or all under a folder in the order of their paths. */
final class CorpusFiles {
  private static final Pattern ABOUT =
      Pattern.compile(
          "(README|LICENSE|LICENCE)(\\.(md|txt|rst))?|dataset_infos?\\.json|dataset_dict\\.json",
          Pattern.CASE_INSENSITIVE);

  private static final List<String> RECORDS = List.of(".jsonl", ".json", ".ndjson", ".parquet");
  private static final List<String> GENOMES =
      List.of(".fa", ".fasta", ".fna", ".fas", ".ffn", ".frn");

  /**
   * The files of a folder.
   *
   * @param taken in the order of their paths, the same on every file system and locale
   * @param left hidden ones, and files that are about the records beside them
   * @param others that do not have the name of records, beside some that do
   */
  private record Parts(List<Path> taken, List<Path> left, List<Path> others) {}

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
      String what = data.format().holdsTokens() ? "tokens" : "text";
      throw source.error("data.path", "must hold " + what + ", found " + emptiness());
    }
    files.forEach(file -> Records.require(file, data.format(), source));
    return files;
  }

  private String emptiness() {
    List<String> ends =
        data.extensions().isEmpty() && data.format().holdsTokens()
            ? List.of("bin")
            : data.extensions();
    boolean filtered = !ends.isEmpty() && Files.isDirectory(data.path());
    return "0 bytes" + (filtered ? " in files ending in ." + String.join(", .", ends) : "");
  }

  private List<Path> candidates() {
    Path pair = MegatronFile.data(data.path());
    if (data.format() == DataFormat.MEGATRON && Files.isRegularFile(pair)) {
      return List.of(pair); // whichever of the two files is named, or both without their endings
    }
    if (!Files.exists(data.path())) {
      throw source.error("data.path", "no such file or folder");
    }
    if (!Files.isDirectory(data.path())) {
      return List.of(data.path());
    }
    return parts().taken();
  }

  private Parts parts() {
    try (Stream<Path> tree = Files.walk(data.path(), FileVisitOption.FOLLOW_LINKS)) {
      Map<Boolean, List<Path>> found =
          tree.filter(Files::isRegularFile)
              .filter(this::wanted)
              .sorted(Comparator.comparing(Path::toString))
              .collect(Collectors.partitioningBy(this::isLeftOut));
      List<Path> taken = found.get(false);
      boolean chooses = data.extensions().isEmpty() && taken.stream().anyMatch(this::isNamed);
      Map<Boolean, List<Path>> records =
          taken.stream().collect(Collectors.partitioningBy(file -> !chooses || isNamed(file)));
      return new Parts(records.get(true), found.get(true), records.get(false));
    } catch (IOException | UncheckedIOException unreadable) {
      throw source.error("data.path", "folder cannot be read: " + reason(unreadable));
    }
  }

  /** Returns how files are named that have what the format wants; empty: in any way. */
  private List<String> names() {
    return hasRecords() ? RECORDS : data.format() == DataFormat.FASTA ? GENOMES : List.of();
  }

  private boolean isNamed(Path file) {
    return names().stream().anyMatch(CorpusStream.plainName(file)::endsWith);
  }

  /**
   * Returns how many files of a folder are left out, in one line; empty: none.
   *
   * @throws InputException as {@link #all}
   */
  Optional<String> leftOut() {
    if (!Files.isDirectory(data.path())) {
      return Optional.empty();
    }
    Parts parts = parts();
    int files = parts.left().size() + parts.others().size();
    if (files == 0) {
      return Optional.empty();
    }
    List<String> why = new ArrayList<>();
    if (!parts.left().isEmpty()) {
      why.add("hidden ones" + (hasRecords() ? ", README and LICENSE" : ""));
    }
    if (!parts.others().isEmpty()) {
      why.add(
          parts.others().size()
              + " not named "
              + String.join(", ", names())
              + ", such as "
              + data.path().relativize(parts.others().get(0)));
    }
    return Optional.of(
        files
            + (files == 1 ? " file of " : " files of ")
            + data.path()
            + (files == 1 ? " is" : " are")
            + " left out: "
            + String.join("; ", why));
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
    return data.extensions().isEmpty() && holds(name, plain)
        || data.extensions().stream()
            .anyMatch(end -> name.endsWith("." + end) || plain.endsWith("." + end));
  }

  /** Whether a file may be one without being named: beside tokens there is much that is none. */
  private boolean holds(String name, String plain) {
    return !data.format().holdsTokens()
        || name.endsWith(MegatronFile.DATA)
        || plain.endsWith(MegatronFile.DATA);
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

  /**
   * Returns what changes when a file does: its size, the time of its last write, and the time of
   * its last change of any kind, which programs that set the former back cannot set.
   */
  static String stamp(Path file) throws IOException {
    Map<String, Object> now = Files.readAttributes(file, "unix:size,lastModifiedTime,ctime");
    return now.get("size") + " bytes at " + now.get("lastModifiedTime") + ", " + now.get("ctime");
  }

  /** The first line of what went wrong. */
  static String reason(Exception unreadable) {
    return String.valueOf(unreadable.getMessage()).lines().findFirst().orElse("unknown reason");
  }
}
